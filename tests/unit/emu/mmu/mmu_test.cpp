#include <algorithm>
#include <vector>

#include "../resident.hpp"
#include "paged_memory.hpp"

using namespace paemu;

namespace {

constexpr u32 kLinear = 0x00200000;  // PAE: the table at kTable
constexpr u32 kFrameA = 0x00100000, kFrameB = 0x00105000;
constexpr Privilege kSystem = Privilege::kSupervisor;

}  // namespace

TEST_CASE("an access across two pages uses both translations") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kW);
  m.put64(PagedMemory::pte64(kLinear + 0x1000), kFrameB | kP | kW);
  for (int i = 0; i < 3; ++i) {
    REQUIRE(m.mmu.store<u64>(kLinear + 0xffd, kSystem, 0x8877665544332211));
    u64 v = 0;
    REQUIRE(m.mmu.load(kLinear + 0xffd, kSystem, v));
    REQUIRE(v == 0x8877665544332211);
    REQUIRE((m.get32(kFrameA + 0xffc) >> 8) == 0x332211);
    REQUIRE(m.get32(kFrameB) == 0x77665544);
    REQUIRE(m.read(kLinear));  // fill fast entries of both pages
    REQUIRE(m.write(kLinear + 0x1000 + 64));
  }
}

TEST_CASE("a store across pages that faults on the second changes nothing and reports the second page") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kW);
  m.put32(kFrameA + 0xffc, 0x01020304);
  REQUIRE_FALSE(m.mmu.store<u32>(kLinear + 0xffe, kSystem, ~0u));
  m.require_page_fault(kLinear + 0x1000, page_fault::kWrite);
  REQUIRE(m.get32(kFrameA + 0xffc) == 0x01020304);
}

TEST_CASE("neither a store across pages that faults nor a probe makes a page dirty") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kW);
  REQUIRE_FALSE(m.mmu.store<u32>(kLinear + 0xffe, kSystem, ~0u));
  REQUIRE(m.get64(PagedMemory::pte64(kLinear)) == (kFrameA | kP | kW));
  REQUIRE(m.mmu.probe(kLinear, 4, Access::kWrite, kSystem));
  REQUIRE(m.get64(PagedMemory::pte64(kLinear)) == (kFrameA | kP | kW));
  REQUIRE_FALSE(m.mmu.probe(kLinear + 0xffe, 4, Access::kWrite, kSystem));
  m.require_page_fault(kLinear + 0x1000, page_fault::kWrite);
}

TEST_CASE("the address space wraps at 4 GiB") {
  PagedMemory m;
  m.put32(0, 0x44332211);
  u64 v = 0;
  REQUIRE(m.mmu.load<u64>(0xfffffffc, kSystem, v));
  REQUIRE((v >> 32) == 0x44332211);
  REQUIRE(static_cast<u32>(v) == 0xffffffff);  // nothing is there
}

TEST_CASE("a read-modify-write faults as a write before it reads") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), PagedMemory::kDevice | kP);
  u32 v;
  REQUIRE_FALSE(m.mmu.load_for_write(kLinear, kSystem, v));
  m.require_page_fault(kLinear, page_fault::kPresent | page_fault::kWrite);
  REQUIRE(m.device.reads == 0);
}

TEST_CASE("bytes of any size up to a page move whole or not at all") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kW);
  m.put64(PagedMemory::pte64(kLinear + 0x1000), kFrameB | kP | kW);
  std::vector<u8> out(kPageSize), in(kPageSize);
  for (u32 i = 0; i < in.size(); ++i) in[i] = static_cast<u8>(i * 7);
  for (const u32 offset : {0u, 1u, 0xff0u}) {
    for (const u32 size : {1u, 10u, 16u, 512u, kPageSize}) {
      for (int again = 0; again < 2; ++again) {
        REQUIRE(m.mmu.store_bytes(kLinear + offset, kSystem, in.data(), size));
        REQUIRE(m.mmu.load_bytes(kLinear + offset, kSystem, out.data(), size));
        REQUIRE(std::equal(in.begin(), in.begin() + size, out.begin()));
      }
    }
  }
  REQUIRE_FALSE(m.mmu.store_bytes(kLinear + 0x1ff8, kSystem, in.data(), 16));
  m.require_page_fault(kLinear + 0x2000, page_fault::kWrite);
}

TEST_CASE("device accesses reach the device in aligned pieces and never by a host address") {
  PagedMemory m;
  u32 v = 0;
  REQUIRE(m.mmu.load<u32>(PagedMemory::kDevice + 8, kSystem, v));
  REQUIRE(m.device.last_size == 4);
  REQUIRE(m.device.last_offset == 8);
  REQUIRE(v == 0x55667788);
  REQUIRE(m.mmu.host_pointer(PagedMemory::kDevice + 8, 4, Access::kRead, kSystem) == nullptr);
  m.device.writes = 0;
  REQUIRE(m.mmu.store<u32>(PagedMemory::kDevice + 2, kSystem, 0xaabbccdd));
  REQUIRE(m.device.writes == 2);
  REQUIRE(m.device.last_size == 2);
  REQUIRE(m.device.last_value == 0xaabb);
}

TEST_CASE("stores to ROM and to nothing are ignored, loads from nothing are all ones") {
  PagedMemory m;
  REQUIRE(m.write(PagedMemory::kRom));
  u32 v = 0;
  REQUIRE(m.mmu.load<u32>(PagedMemory::kRom, kSystem, v));
  REQUIRE(v == 0x5a5a5a5a);
  REQUIRE(m.mmu.host_pointer(PagedMemory::kRom, 4, Access::kWrite, kSystem) == nullptr);
  REQUIRE(m.write(0xe0000000));
  REQUIRE(m.mmu.load<u32>(0xe0000000, kSystem, v));
  REQUIRE(v == ~0u);
}

TEST_CASE("the first store marks the frame, and stores to code are reported each time") {
  PagedMemory m;
  const Pfn frame = pfn_of(GuestPhys{kFrameA});
  REQUIRE(m.write(kFrameA));
  REQUIRE(m.memory.flags(frame) == (frame_flag::kDirty | frame_flag::kTouched));
  REQUIRE(m.mmu.host_pointer(kFrameA, 4, Access::kWrite, kSystem) != nullptr);

  m.memory.flags(frame) |= frame_flag::kHasCode;
  m.mmu.on_frame_watched(frame);
  REQUIRE(m.mmu.host_pointer(kFrameA, 4, Access::kWrite, kSystem) == nullptr);
  REQUIRE(m.write(kFrameA + 8));
  REQUIRE(m.write(kFrameA + 8));
  REQUIRE(m.observer.code_writes == 2);
  REQUIRE(m.observer.last == GuestPhys{kFrameA + 8});
  REQUIRE(m.observer.last_size == 4);
}

TEST_CASE("after dirty flags were cleared a store marks its frame again") {
  PagedMemory m;
  REQUIRE(m.write(kFrameA));
  m.memory.flags(pfn_of(GuestPhys{kFrameA})) = frame_flag::kTouched;
  m.mmu.on_dirty_cleared();
  REQUIRE(m.write(kFrameA));
  REQUIRE(m.memory.flags(pfn_of(GuestPhys{kFrameA})) & frame_flag::kDirty);
}

TEST_CASE("a removed DIMM reads as nothing although its translation is held") {
  PagedMemory m;
  DimmSpec spec;
  spec.id = "dimm1";
  spec.base = GuestPhys{4 * kGiB};
  spec.size = 128 * kMiB;
  REQUIRE(m.memory.insert(spec).ok());
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), 4 * kGiB | kP | kW);
  REQUIRE(m.mmu.store<u32>(kLinear, kSystem, 7));
  REQUIRE(m.memory.remove("dimm1").ok());
  m.mmu.on_mapping_changed();
  u32 v = 0;
  REQUIRE(m.mmu.load<u32>(kLinear, kSystem, v));
  REQUIRE(v == ~0u);
  REQUIRE(m.write(kLinear));
}

TEST_CASE("with A20 masked odd megabytes alias even ones") {
  PagedMemory m;
  m.put32(0x1000, 'e');
  m.put32(0x101000, 'o');
  u32 v = 0;
  REQUIRE(m.mmu.load<u32>(0x101000, kSystem, v));
  REQUIRE(v == 'o');
  m.mmu.set_a20(false);
  REQUIRE(m.mmu.load<u32>(0x101000, kSystem, v));
  REQUIRE(v == 'e');
  m.mmu.set_a20(true);
  REQUIRE(m.mmu.load<u32>(0x101000, kSystem, v));
  REQUIRE(v == 'o');
}

TEST_CASE("watchpoints see the accesses that touch their bytes and no others") {
  PagedMemory m;
  REQUIRE(m.write(0x2000));
  m.mmu.set_watchpoints({Watchpoint{0x2004, 4, true}, Watchpoint{0x2010, 1, false}});
  REQUIRE(m.read(0x2000));
  REQUIRE(m.mmu.take_watch_hits() == 0);
  REQUIRE(m.read(0x2002));  // overlaps 2004 and 2005
  REQUIRE(m.mmu.take_watch_hits() == 1);
  REQUIRE(m.read(0x2010));  // the second watches writes only
  REQUIRE(m.mmu.take_watch_hits() == 0);
  REQUIRE(m.write(0x200e));
  REQUIRE(m.mmu.take_watch_hits() == 2);
  m.mmu.set_watchpoints({});
  REQUIRE(m.write(0x2004));
  REQUIRE(m.mmu.take_watch_hits() == 0);
}

TEST_CASE("alignment checks concern user accesses while they are on") {
  PagedMemory m;
  REQUIRE(m.read(0x2001, Privilege::kUser));
  m.mmu.set_alignment_check(true);
  REQUIRE_FALSE(m.read(0x2001, Privilege::kUser));
  REQUIRE(m.mmu.fault().vector == Vector::kAlignmentCheck);
  REQUIRE(m.read(0x2004, Privilege::kUser));
  REQUIRE_FALSE(m.write(0x2006, Privilege::kUser));
  REQUIRE(m.read(0x2001, kSystem));
  m.mmu.set_alignment_check(false);
  REQUIRE(m.write(0x2006, Privilege::kUser));
}

TEST_CASE("probe checks a range for writing without touching it") {
  PagedMemory m;
  m.page_pae();
  m.put64(PagedMemory::pte64(kLinear), kFrameA | kP | kW);
  REQUIRE(m.mmu.probe(kLinear + 0xf00, 0x100, Access::kWrite, kSystem));
  REQUIRE_FALSE(m.mmu.probe(kLinear + 0xf00, 0x101, Access::kWrite, kSystem));
  REQUIRE(m.mmu.fault().address.value == kLinear + 0x1000);
}

TEST_CASE("reading RAM that nobody wrote takes no memory of the host") {
  PagedMemory m;
  const u64 before = testing::resident_kib();
  constexpr u32 kSize = PagedMemory::kRam - kMiB;
  for (u32 at = 0; at < kSize; at += kPageSize) {
    u64 loaded = 1;
    u8 read = 1;
    REQUIRE(m.mmu.load(kMiB + at, kSystem, loaded));
    REQUIRE(m.memory.read(GuestPhys{kMiB + at}, {&read, 1}));
    REQUIRE((loaded == 0 && read == 0));
  }
  CHECK(testing::resident_kib() < before + kSize / 1024 / 2);
}
