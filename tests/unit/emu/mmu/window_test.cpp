// What the window of a program shows, and when it goes.
#include "paged_memory.hpp"

using namespace paemu;

namespace {

constexpr u32 kLinear = 0x00200000;
constexpr u32 kFrame = 0x00100000;
constexpr u64 kOtherPdpt = 0x9020, kOtherDirectory = 0x10000;  // of tables that map nothing
constexpr Privilege kUser = Privilege::kUser;

struct Program : PagedMemory {
  Program() {
    for (u32 i = 0; i < 4; ++i) put64(kOtherPdpt + 8 * i, kOtherDirectory | kP);
    page_pae();
    put32(kFrame, 'A');
    put64(pte64(kLinear), kFrame | kP | kW | kU);
  }
  void load_cr3(u64 cr3) {
    state.cr3 = static_cast<u32>(cr3);
    REQUIRE(mmu.read_pdptes(state.cr3, state.pdpte));
    mmu.flush_non_global(0);
  }
  // The base of the window changes with the tables. No test reads where nothing is shown.
  u8* at(u32 linear) const { return mmu.window_base() + linear; }
};

}  // namespace

TEST_CASE("a page is shown after a program's access to it, as that allows") {
  Program m;
  REQUIRE(m.mmu.window_base() == HostWindow::nowhere());
  REQUIRE_FALSE(m.mmu.show_in_window(kLinear));
  SECTION("read") {
    REQUIRE(m.read(kLinear, kUser));
    REQUIRE(m.mmu.show_in_window(kLinear));
    CHECK_FALSE(m.mmu.window()->at(HostWindow::place_of(kLinear)).writable);
  }
  SECTION("written") {
    REQUIRE(m.write(kLinear, kUser));
    REQUIRE(m.mmu.show_in_window(kLinear + 8));
    CHECK(m.mmu.window()->at(HostWindow::place_of(kLinear)).writable);
  }
  SECTION("by the kernel only") {
    REQUIRE(m.write(kLinear));
    CHECK_FALSE(m.mmu.show_in_window(kLinear));
    return;
  }
  REQUIRE(m.mmu.window_base() != HostWindow::nowhere());
  u32 v = 0;
  REQUIRE(m.mmu.load(kLinear, kUser, v));
  CHECK(*reinterpret_cast<const u32*>(m.at(kLinear)) == v);
}

TEST_CASE("what may not simply be accessed is never shown") {
  Program m;
  u32 frame = kFrame;
  SECTION("a device") { frame = PagedMemory::kDevice; }
  SECTION("a ROM") { frame = PagedMemory::kRom; }
  SECTION("RAM that nobody wrote") { frame = kFrame + 8 * kPageSize; }
  m.put64(Program::pte64(kLinear), u64{frame} | kP | kU);
  SECTION("a page with a watchpoint") {
    m.put64(Program::pte64(kLinear), u64{kFrame} | kP | kU);
    m.mmu.set_watchpoints({Watchpoint{kLinear + 64, 4, true}});
  }
  REQUIRE(m.read(kLinear, kUser));
  CHECK_FALSE(m.mmu.show_in_window(kLinear));
}

TEST_CASE("a page goes from the window with its translation, or when stores must be seen") {
  Program m;
  REQUIRE(m.write(kLinear, kUser));
  REQUIRE(m.mmu.show_in_window(kLinear));
  REQUIRE(m.mmu.window()->count() == 1);
  SECTION("INVLPG") { m.mmu.flush_page(kLinear); }
  SECTION("all") { m.mmu.flush_all(); }
  SECTION("pushed out") {
    const u32 other = kLinear + HostWindow::kPlaces * kPageSize;
    m.put64(PagedMemory::kDirectory + 8 * (other >> 21), PagedMemory::kTable | kP | kW | kU);
    REQUIRE(m.read(other, kUser));
  }
  SECTION("code") { m.mmu.on_frame_watched(pfn_of(GuestPhys{kFrame})); }
  SECTION("a checkpoint") { m.mmu.on_dirty_cleared(); }
  SECTION("the memory map") { m.mmu.on_mapping_changed(); }
  SECTION("alignment is checked") { m.mmu.set_alignment_check(true); }
  SECTION("a watchpoint") { m.mmu.set_watchpoints({Watchpoint{kLinear, 4, false}}); }
  CHECK((m.mmu.window() == nullptr || m.mmu.window()->count() == 0));
}

TEST_CASE("page tables have a window each, which stays while others are in use") {
  Program m;
  REQUIRE(m.write(kLinear, kUser));
  REQUIRE(m.mmu.show_in_window(kLinear));
  const u8* const base = m.mmu.window_base();
  m.load_cr3(kOtherPdpt);
  CHECK(m.mmu.window_base() != base);
  SECTION("as it is") {
    m.load_cr3(Program::kPdpt);
    REQUIRE(m.mmu.window_base() == base);
    CHECK(m.mmu.window()->count() == 1);
  }
  SECTION("less what the tables no longer say") {
    m.put64(Program::pte64(kLinear), (kFrame + kPageSize) | kP | kW | kU);
    m.load_cr3(Program::kPdpt);
    CHECK(m.mmu.window()->count() == 0);
  }
  SECTION("less what became code") {
    m.memory.flags(pfn_of(GuestPhys{kFrame})) |= frame_flag::kHasCode;
    m.mmu.on_frame_watched(pfn_of(GuestPhys{kFrame}));
    m.load_cr3(Program::kPdpt);
    CHECK(m.mmu.window()->count() == 0);
  }
}
