#include "paged_memory.hpp"

using namespace paemu;

namespace {

constexpr u32 kLinear = 0x00200000;  // PAE: the table at kTable
constexpr u32 kFrameA = 0x00100000, kFrameB = 0x00101000;

// A page that is mapped to frame A and held, and then changed in memory to frame B without a flush.
void hold_then_change(PagedMemory& m, u64 bits = kP | kW) {
  m.page_pae();
  m.put32(kFrameA, 'A');
  m.put32(kFrameB, 'B');
  m.put64(PagedMemory::pte64(kLinear), kFrameA | bits);
  REQUIRE(m.read(kLinear));
  m.put64(PagedMemory::pte64(kLinear), kFrameB | bits);
}

u32 seen(PagedMemory& m, u32 linear = kLinear) {
  u32 v = 0;
  REQUIRE(m.mmu.load(linear, Privilege::kSupervisor, v));
  return v;
}

}  // namespace

TEST_CASE("a held translation stays until it is flushed") {
  PagedMemory m;
  hold_then_change(m);
  REQUIRE(seen(m) == 'A');
  SECTION("by INVLPG") { m.mmu.flush_page(kLinear + 0x123); }
  SECTION("by a move to CR3") { m.mmu.flush_non_global(0); }
  SECTION("entirely") { m.mmu.flush_all(); }
  REQUIRE(seen(m) == 'B');
}

TEST_CASE("dropping host addresses does not change what a stale translation shows") {
  PagedMemory m;
  hold_then_change(m);
  SECTION("a checkpoint cleared the dirty flags") { m.mmu.on_dirty_cleared(); }
  SECTION("a DIMM came or went") { m.mmu.on_mapping_changed(); }
  SECTION("code was decoded from the frame") { m.mmu.on_frame_watched(pfn_of(GuestPhys{kFrameA})); }
  SECTION("a watchpoint was set elsewhere") { m.mmu.set_watchpoints({Watchpoint{0x5000, 4, true}}); }
  SECTION("often enough to use up all generations") {
    for (int i = 0; i < 10'000; ++i) m.mmu.on_dirty_cleared();
  }
  REQUIRE(seen(m) == 'A');
}

TEST_CASE("a move to CR3 drops however many pages were touched since the last") {
  PagedMemory m;
  m.page_pae();
  const u32 count = GENERATE(1u, 255u, 256u, 257u, 500u);
  m.put32(kFrameB, 'B');
  for (const u64 frame : {kFrameA, kFrameB}) {
    for (u32 n = 0; n < count; ++n) m.put64(PagedMemory::pte64(kLinear + n * kPageSize), frame | kP | kW);
    m.mmu.flush_non_global(0);
    for (u32 n = 0; n < count; ++n) REQUIRE(seen(m, kLinear + n * kPageSize) == (frame == kFrameB ? 'B' : 0));
  }
}

TEST_CASE("a global page survives a move to CR3 and nothing more") {
  PagedMemory m;
  hold_then_change(m, kP | kW | kG);
  m.mmu.flush_non_global(0);
  REQUIRE(seen(m) == 'A');
  SECTION("INVLPG drops it") { m.mmu.flush_page(kLinear); }
  SECTION("a change of CR4.PGE drops it") {
    const u32 old = m.state.cr4;
    m.state.cr4 &= ~cr4::kPge;
    m.mmu.paging_changed(m.state.cr0, old, m.state.efer);
  }
  REQUIRE(seen(m) == 'B');
}

TEST_CASE("the global bit means nothing without CR4.PGE") {
  PagedMemory m;
  m.page_pae();
  m.state.cr4 &= ~cr4::kPge;
  m.put32(kFrameB, 'B');
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kG);
  REQUIRE(m.read(kLinear));
  m.put64(PagedMemory::pte64(kLinear), kFrameB | kP | kG);
  m.mmu.flush_non_global(0);
  REQUIRE(seen(m) == 'B');
}

TEST_CASE("INVLPG drops all of a large page") {
  PagedMemory m;
  m.page_pae();
  m.put32(0x00600000, 'A');
  m.put32(0x00601000, 'A');
  m.put64(PagedMemory::kDirectory + 16, 0x00600000 | kPs | kP | kW);
  REQUIRE(seen(m, 0x00400000) == 'A');
  REQUIRE(seen(m, 0x00401000) == 'A');
  m.put32(0x00801000, 'B');
  m.put64(PagedMemory::kDirectory + 16, 0x00800000 | kPs | kP | kW);
  m.mmu.flush_page(0x00400000);
  REQUIRE(seen(m, 0x00401000) == 'B');
}

TEST_CASE("widened rights are seen without a flush, narrowed ones after it") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP);
  REQUIRE(m.read(kLinear));
  REQUIRE_FALSE(m.write(kLinear));
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kW);
  REQUIRE(m.write(kLinear));
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP);
  REQUIRE(m.write(kLinear));
  m.mmu.flush_page(kLinear);
  REQUIRE_FALSE(m.write(kLinear));
}

TEST_CASE("a page fault forgets what was held for its address") {
  PagedMemory m;
  hold_then_change(m, kP);
  REQUIRE_FALSE(m.write(kLinear));
  REQUIRE(seen(m) == 'B');
}

TEST_CASE("CR0.WP takes effect at once") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP);
  m.state.cr0 &= ~cr0::kWriteProtect;
  REQUIRE(m.write(kLinear));
  const u32 old = m.state.cr0;
  m.state.cr0 |= cr0::kWriteProtect;
  m.mmu.paging_changed(old, m.state.cr4, m.state.efer);
  REQUIRE_FALSE(m.write(kLinear));
}

TEST_CASE("user accesses are not served from supervisor entries") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kW);
  REQUIRE(m.write(kLinear, Privilege::kSupervisor));
  REQUIRE_FALSE(m.write(kLinear, Privilege::kUser));
  REQUIRE_FALSE(m.read(kLinear, Privilege::kUser));
}

TEST_CASE("two pages that share a place in the TLB both translate") {
  PagedMemory m;
  m.page_pae();
  for (u32 gigabyte : {0u, 1u}) {
    m.put64(PagedMemory::kDirectory + gigabyte * kPageSize + 8, PagedMemory::kTable | kP | kW | kU);
  }
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kW);
  m.put32(kFrameA, 'A');
  for (int i = 0; i < 4; ++i) {
    REQUIRE(seen(m, kLinear) == 'A');
    REQUIRE(seen(m, kLinear + 0x40000000) == 'A');
  }
}

TEST_CASE("code is at hand while its translation is held") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP);
  REQUIRE(m.fetch(kLinear));
  REQUIRE(m.mmu.fetch_hit(kLinear, Privilege::kSupervisor) != nullptr);
  REQUIRE(m.mmu.fetch_hit(kLinear, Privilege::kUser) == nullptr);
  SECTION("INVLPG") { m.mmu.flush_page(kLinear); }
  SECTION("a move to CR3, and another entry") {
    m.put64(PagedMemory::pte64(kLinear), kFrameB | kP);
    m.mmu.flush_non_global(0);
  }
  REQUIRE(m.mmu.fetch_hit(kLinear, Privilege::kSupervisor) == nullptr);
}
