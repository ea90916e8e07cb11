// What a move to CR3 takes up again of the tables that it returns to.
#include "paged_memory.hpp"

using namespace paemu;

namespace {

constexpr u32 kLinear = 0x00200000;
constexpr u32 kFrameA = 0x00100000, kFrameB = 0x00101000;
constexpr u64 kOtherPdpt = 0x9020, kOtherDirectory = 0x10000;  // of tables that map nothing

void load_cr3(PagedMemory& m, u64 cr3) {
  m.state.cr3 = static_cast<u32>(cr3);
  REQUIRE(m.mmu.read_pdptes(m.state.cr3, m.state.pdpte));
  m.mmu.flush_non_global(0);
}

struct TwoSpaces : PagedMemory {
  TwoSpaces() {
    for (u32 i = 0; i < 4; ++i) put64(kOtherPdpt + 8 * i, kOtherDirectory | kP);
    page_pae();
    put32(kFrameA, 'A');
    put32(kFrameB, 'B');
    put64(pte64(kLinear), kFrameA | kP | kW);
    REQUIRE(write(kLinear));
    REQUIRE(fetch(kLinear));
    put32(kFrameA, 'A');
  }
  void away_and_back() {
    load_cr3(*this, kOtherPdpt);
    load_cr3(*this, kPdpt);
  }
  bool code_at_hand() const { return mmu.fetch_hit(kLinear, Privilege::kSupervisor) != nullptr; }
  bool data_at_hand(Access a) const { return mmu.host_pointer(kLinear, 4, a, Privilege::kSupervisor) != nullptr; }
  u32 seen() {
    u32 v = 0;
    REQUIRE(mmu.load(kLinear, Privilege::kSupervisor, v));
    return v;
  }
};

}  // namespace

TEST_CASE("what is held of page tables is at hand again when the guest returns to them") {
  TwoSpaces m;
  load_cr3(m, kOtherPdpt);
  REQUIRE_FALSE(m.code_at_hand());
  REQUIRE_FALSE(m.read(kLinear));
  load_cr3(m, TwoSpaces::kPdpt);
  CHECK(m.code_at_hand());
  CHECK(m.data_at_hand(Access::kWrite));
  CHECK(m.seen() == 'A');
}

TEST_CASE("what the tables no longer say is not taken up") {
  TwoSpaces m;
  const bool while_away = GENERATE(false, true);
  if (while_away) load_cr3(m, kOtherPdpt);
  SECTION("another frame") { m.put64(TwoSpaces::pte64(kLinear), kFrameB | kP | kA | kD); }
  SECTION("another table") {
    m.put64(0x8000 + 0x4000, kFrameB | kP);
    m.put64(TwoSpaces::kDirectory + 8, (0x8000 + 0x4000) | kP | kW);
  }
  while_away ? load_cr3(m, TwoSpaces::kPdpt) : m.away_and_back();
  CHECK_FALSE(m.code_at_hand());
  CHECK(m.seen() == 'B');
}

TEST_CASE("rights and bits that were taken back are seen at the return") {
  TwoSpaces m;
  SECTION("not present") {
    m.put64(TwoSpaces::pte64(kLinear), 0);
    m.away_and_back();
    CHECK_FALSE(m.read(kLinear));
  }
  SECTION("not writable") {
    m.put64(TwoSpaces::pte64(kLinear), kFrameA | kP | kA | kD);
    m.away_and_back();
    CHECK(m.read(kLinear));
    CHECK_FALSE(m.write(kLinear));
  }
  SECTION("not accessed, not dirty: set anew") {
    m.put64(TwoSpaces::pte64(kLinear), kFrameA | kP | kW);
    m.away_and_back();
    CHECK(m.get64(TwoSpaces::pte64(kLinear)) == (kFrameA | kP | kW));
    CHECK(m.write(kLinear));
    CHECK(m.get64(TwoSpaces::pte64(kLinear)) == (kFrameA | kP | kW | kA | kD));
  }
}

TEST_CASE("what INVLPG, a full flush or a page fault dropped does not come back") {
  TwoSpaces m;
  const u64 entry = m.get64(TwoSpaces::pte64(kLinear));
  m.put64(TwoSpaces::pte64(kLinear), kFrameB | kP | kW);
  SECTION("INVLPG") { m.mmu.flush_page(kLinear); }
  SECTION("all") { m.mmu.flush_all(); }
  m.put64(TwoSpaces::pte64(kLinear), entry);
  m.away_and_back();
  CHECK_FALSE(m.code_at_hand());
}

TEST_CASE("a page that became code, or lost its dirty flag to a checkpoint, is not written past the look") {
  TwoSpaces m;
  load_cr3(m, kOtherPdpt);
  SECTION("code") { m.memory.flags(pfn_of(GuestPhys{kFrameA})) |= frame_flag::kHasCode; }
  SECTION("a checkpoint") { m.memory.flags(pfn_of(GuestPhys{kFrameA})) &= static_cast<u8>(~frame_flag::kDirty); }
  load_cr3(m, TwoSpaces::kPdpt);
  CHECK(m.data_at_hand(Access::kRead) == false);  // only written, never read: not at hand before
  CHECK_FALSE(m.data_at_hand(Access::kWrite));
  CHECK(m.write(kLinear));
}

TEST_CASE("more page tables and pages than are remembered only cost walks") {
  TwoSpaces m;
  for (u32 n = 0; n < 200; ++n) m.put64(TwoSpaces::pte64(kLinear + n * kPageSize), (kFrameA + n * kPageSize) | kP | kW);
  for (u32 round = 0; round < 3; ++round) {
    for (u32 space = 0; space < 12; ++space) {
      const u64 pdpt = 0xa000 + space * 0x20;
      for (u32 i = 0; i < 4; ++i) m.put64(pdpt + 8 * i, (TwoSpaces::kDirectory + i * kPageSize) | kP);
      load_cr3(m, pdpt);
      for (u32 n = 0; n < 200; ++n) REQUIRE(m.write(kLinear + n * kPageSize));
    }
  }
  for (u32 n = 0; n < 200; ++n) m.put64(TwoSpaces::pte64(kLinear + n * kPageSize), 0);
  load_cr3(m, TwoSpaces::kPdpt);
  for (u32 n = 0; n < 200; ++n) REQUIRE_FALSE(m.read(kLinear + n * kPageSize));
}

TEST_CASE("tables in a DIMM that is pulled are not read any more") {
  TwoSpaces m;
  DimmSpec spec;
  spec.id = "dimm0";
  spec.socket = Socket::Hotplug;
  spec.slot = 0;
  spec.base = GuestPhys{u64{1} << 32};
  spec.size = 128 * kMiB;
  REQUIRE(m.memory.insert(spec).ok());
  const u64 table = spec.base.value;
  m.put64(TwoSpaces::kDirectory + 8, table | kP | kW);
  m.put64(table + ((kLinear >> 12) & 0x1ff) * 8, kFrameB | kP | kW);
  m.mmu.flush_all();
  REQUIRE(m.seen() == 'B');
  const bool while_away = GENERATE(false, true);
  if (while_away) load_cr3(m, kOtherPdpt);
  REQUIRE(m.memory.remove("dimm0").ok());
  m.mmu.on_mapping_changed();
  load_cr3(m, TwoSpaces::kPdpt);
  CHECK_FALSE(m.data_at_hand(Access::kRead));
  CHECK_FALSE(m.read(kLinear));
}
