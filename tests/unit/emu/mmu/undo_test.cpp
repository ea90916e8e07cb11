// What is noted in an UndoLog and put back: memory, accessed and dirty bits, the TLB.
#include "paged_memory.hpp"

using namespace paemu;

namespace {

constexpr u32 kLinear = 0x00200000, kOther = 0x00201000;
constexpr u32 kFrame = 0x00100000, kOtherFrame = 0x00101000;

struct Undoable : PagedMemory {
  Undoable() {
    page_pae();
    put64(pte64(kLinear), kFrame | kP | kW);
    put64(pte64(kOther), kOtherFrame | kP | kW);
    put32(kFrame, 'A');
    mmu.make_undoable();
  }
  void put(u32 linear, u32 value) { REQUIRE(mmu.store(linear, Privilege::kSupervisor, value)); }
  bool at_hand(Access a) const { return mmu.host_pointer(kLinear, 4, a, Privilege::kSupervisor) != nullptr; }
  UndoLog log;
};

}  // namespace

TEST_CASE("stores, accessed and dirty bits and the TLB are taken back") {
  Undoable m;
  m.mmu.log_into(&m.log);
  m.put(kLinear, 'B');
  m.put(kLinear + 64, 'C');
  CHECK(m.get64(Undoable::pte64(kLinear)) == (kFrame | kP | kW | kA | kD));
  m.mmu.log_into(nullptr);
  m.log.note_expected();
  m.mmu.take_back(m.log);
  CHECK(m.get32(kFrame) == 'A');
  CHECK(m.get32(kFrame + 64) == 0);
  CHECK(m.get64(Undoable::pte64(kLinear)) == (kFrame | kP | kW));

  SECTION("the same once more walks once more, and is as expected") {
    const u64 walks = m.mmu.counters.walks;
    m.mmu.log_into(&m.log);
    m.put(kLinear, 'B');
    CHECK(m.log.first_difference() != nullptr);
    m.put(kLinear + 64, 'C');
    CHECK(m.log.first_difference() == nullptr);
    CHECK(m.mmu.counters.walks == walks + 1);
    SECTION("until another page is stored to") {
      m.put(kOther, 'D');
      REQUIRE(m.log.first_difference() != nullptr);
      m.mmu.take_back(m.log);
      CHECK(m.get32(kFrame) == 'A');
      CHECK(m.get32(kOtherFrame) == 0);
    }
  }
}

TEST_CASE("the first byte of a page of tables may be noted as an entry and with its page") {
  Undoable m;
  const u32 tables = Undoable::kTable;
  REQUIRE(Undoable::pte64(kLinear) == tables);
  m.put64(Undoable::pte64(kOther), tables | kP | kW);
  m.mmu.log_into(&m.log);
  REQUIRE(m.read(kLinear));
  m.put(kOther + 16, 0x1234);
  m.mmu.take_back(m.log);
  CHECK(m.get64(tables) == (kFrame | kP | kW));
  CHECK(m.get32(tables + 16) == 0);
}

TEST_CASE("stores are fast only while a log is kept") {
  Undoable m;
  m.put(kLinear, 'B');
  CHECK_FALSE(m.at_hand(Access::kWrite));
  m.mmu.log_into(&m.log);
  m.put(kLinear, 'C');
  CHECK(m.at_hand(Access::kWrite));
  m.mmu.log_into(nullptr);
  CHECK_FALSE(m.at_hand(Access::kWrite));
  m.mmu.log_into(&m.log);
  m.mmu.lend_again();
  CHECK(m.at_hand(Access::kWrite));
  m.mmu.log_into(nullptr);
  CHECK_FALSE(m.at_hand(Access::kWrite));
}

TEST_CASE("devices and ROM are not reached while a log is kept") {
  Undoable m;
  m.put64(Undoable::pte64(kLinear), Undoable::kDevice | kP | kW);
  m.put64(Undoable::pte64(kOther), Undoable::kRom | kP | kW);
  m.mmu.log_into(&m.log);
  SECTION("by a load") { CHECK_FALSE(m.read(kLinear)); }
  SECTION("by a store") { CHECK_FALSE(m.write(kLinear)); }
  SECTION("by a store to ROM, behind which may be RAM") { CHECK_FALSE(m.write(kOther)); }
  SECTION("even by a look ahead") { CHECK_FALSE(m.mmu.probe(kLinear, 4, Access::kWrite, Privilege::kSupervisor)); }
  CHECK(m.log.refused());
  CHECK(m.device.reads + m.device.writes == 0);
  m.mmu.log_into(nullptr);
  CHECK(m.read(kLinear));
  CHECK(m.device.reads == 1);
}

TEST_CASE("what was put at hand in a run that was taken back goes when CR3 is loaded") {
  Undoable m;
  REQUIRE(m.read(kLinear));
  m.mmu.on_dirty_cleared();  // at hand no more, but still held
  REQUIRE_FALSE(m.at_hand(Access::kRead));
  m.mmu.log_into(&m.log);
  REQUIRE(m.read(kLinear));
  m.mmu.log_into(nullptr);
  m.mmu.take_back(m.log);
  m.put64(Undoable::pte64(kLinear), kOtherFrame | kP | kW | kA);
  m.mmu.flush_non_global(0);
  CHECK_FALSE(m.at_hand(Access::kRead));
}

TEST_CASE("who keeps code is told of what is put back") {
  Undoable m;
  m.memory.watch_frame(pfn_of(GuestPhys{kFrame}));
  m.mmu.log_into(&m.log);
  m.put(kLinear + 0x100, 'B');
  m.mmu.log_into(nullptr);
  const u32 told = m.observer.code_writes;
  CHECK(told == 1);
  m.mmu.take_back(m.log);
  CHECK(m.observer.code_writes == told + 1);
  CHECK(m.observer.last == GuestPhys{kFrame + 0x100});
}
