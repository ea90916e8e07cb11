#include <catch2/catch.hpp>

#include "arch/kmap.hpp"
#include "fake.hpp"
#include "mm/buddy.hpp"
#include "mm/mm.hpp"
#include "mm/stats.hpp"
#include "mm/zone.hpp"
#include "user.hpp"

using namespace ido;
using fake::User;

TEST_CASE("Anonymous memory reads as zeros without taking pages and takes one at the first write") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(4 * kPageSize);
  CHECK(user.read(at + 5000) == 0);
  CHECK(user.mm().counters.anonymous_pages == 0);
  user.write(at + 5000, 9);
  CHECK(user.read(at + 5000) == 9);
  CHECK(user.read(at + 5001) == 0);
  CHECK(user.mm().counters.anonymous_pages == 1);
  CHECK(pages_in_use(PageUse::kAnonymous) == 1);
}

TEST_CASE("Accesses without an area or against its protection say so") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(kPageSize, protection::kRead);
  CHECK(user.mm().handle_fault(at, FaultAccess::kRead) == FaultResult::kDone);
  CHECK(user.mm().handle_fault(at, FaultAccess::kWrite) == FaultResult::kProtection);
  CHECK(user.mm().handle_fault(at, FaultAccess::kExecute) == FaultResult::kProtection);
  CHECK(user.mm().handle_fault(at + kPageSize, FaultAccess::kRead) == FaultResult::kSegv);
  CHECK(user.mm().handle_fault(0, FaultAccess::kRead) == FaultResult::kSegv);
  CHECK(user.mm().handle_fault(0xfffff000, FaultAccess::kRead) == FaultResult::kSegv);
}

TEST_CASE("After fork both sides see the old bytes, and writes of one stay hidden from the other") {
  fake::Machine machine;
  User parent;
  const u32 at = parent.map(3 * kPageSize);
  parent.write(at, 1);
  parent.write(at + kPageSize, 2);
  User child(parent);
  CHECK(pages_in_use(PageUse::kAnonymous) == 2);
  child.write(at, 11);
  parent.write(at + kPageSize, 22);
  child.write(at + 2 * kPageSize, 33);
  CHECK(parent.read(at) == 1);
  CHECK(child.read(at) == 11);
  CHECK(parent.read(at + kPageSize) == 22);
  CHECK(child.read(at + kPageSize) == 2);
  CHECK(parent.read(at + 2 * kPageSize) == 0);
}

TEST_CASE("The last one to write a shared page takes it without a copy") {
  fake::Machine machine;
  User parent;
  const u32 at = parent.map(kPageSize);
  parent.write(at, 1);
  {
    User child(parent);
    CHECK(child.read(at) == 1);
  }
  const u32 copies = event_count(MmEvent::kCowCopy);
  parent.write(at, 2);
  CHECK(event_count(MmEvent::kCowCopy) == copies);
}

TEST_CASE("A fork without memory for tables fails and leaves the parent as it was") {
  fake::Machine machine;
  User parent;
  const u32 at = parent.map(8 * kMiB);
  for (u32 i = 0; i < 4; ++i) parent.write(at + i * 2 * static_cast<u32>(kMiB), static_cast<u8>(i + 1));
  fake::fail_table_pages(3);
  CHECK(parent.mm().clone().ok() == false);
  fake::fail_table_pages(0);
  for (u32 i = 0; i < 4; ++i) CHECK(parent.read(at + i * 2 * static_cast<u32>(kMiB)) == i + 1);
}

TEST_CASE("Shared anonymous memory stays shared over fork") {
  fake::Machine machine;
  User parent;
  const u32 at = parent.map(2 * kPageSize, protection::kRead | protection::kWrite, area_flag::kShared);
  parent.write(at, 1);
  User child(parent);
  child.write(at, 2);
  child.write(at + kPageSize, 3);
  CHECK(parent.read(at) == 2);
  CHECK(parent.read(at + kPageSize) == 3);
}

TEST_CASE("Unmapping the middle of an area leaves both ends, and adjacent equal areas merge") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(4 * kPageSize);
  user.write(at, 1);
  user.write(at + kPageSize, 2);
  user.write(at + 3 * kPageSize, 4);
  REQUIRE(user.mm().unmap(at + kPageSize, 2 * kPageSize).ok());
  CHECK(user.areas() == 2);
  CHECK(user.read(at) == 1);
  CHECK(user.read(at + 3 * kPageSize) == 4);
  CHECK(user.mm().handle_fault(at + kPageSize, FaultAccess::kRead) == FaultResult::kSegv);
  REQUIRE(user.mm()
              .map({.address = at + kPageSize,
                    .size = 2 * kPageSize,
                    .protection = protection::kRead | protection::kWrite,
                    .placement = Placement::kFixedFree})
              .ok());
  CHECK(user.areas() == 1);
  CHECK(user.read(at + kPageSize) == 0);
}

TEST_CASE("mprotect splits areas, forbids and permits again, and keeps the contents") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(3 * kPageSize);
  user.write(at + kPageSize, 5);
  REQUIRE(user.mm().protect(at + kPageSize, kPageSize, protection::kNone).ok());
  CHECK(user.areas() == 3);
  CHECK(user.mm().handle_fault(at + kPageSize, FaultAccess::kRead) == FaultResult::kProtection);
  REQUIRE(user.mm().protect(at + kPageSize, kPageSize, protection::kRead).ok());
  CHECK(user.read(at + kPageSize) == 5);
  CHECK(user.mm().handle_fault(at + kPageSize, FaultAccess::kWrite) == FaultResult::kProtection);
  REQUIRE(user.mm().protect(at + kPageSize, kPageSize, protection::kRead | protection::kWrite).ok());
  CHECK(user.areas() == 1);
  user.write(at + kPageSize, 6);
  CHECK(user.read(at + kPageSize) == 6);
  CHECK(user.mm().protect(at + kPageSize, 9 * kPageSize, protection::kRead).error() == Errno::kNoMem);
  CHECK(user.mm().protect(at + 1, kPageSize, protection::kRead).error() == Errno::kInval);
}

TEST_CASE("A stack grows down by faults but not into what lies below") {
  fake::Machine machine;
  User user;
  const u32 top = layout::kUserStackTop;
  REQUIRE(user.mm()
              .map({.address = top - 4 * kPageSize,
                    .size = 4 * kPageSize,
                    .protection = protection::kRead | protection::kWrite,
                    .flags = area_flag::kGrowsDown,
                    .placement = Placement::kFixed,
                    .label = "[stack]"})
              .ok());
  user.write(top - 40 * kPageSize, 7);
  CHECK(user.read(top - 40 * kPageSize) == 7);
  CHECK(user.areas() == 1);
  CHECK(user.mm().handle_fault(top - 9 * static_cast<u32>(kMiB), FaultAccess::kWrite) == FaultResult::kSegv);
  const u32 low = top - 300 * kPageSize;
  REQUIRE(user.mm()
              .map({.address = low, .size = kPageSize, .protection = protection::kRead, .placement = Placement::kFixed})
              .ok());
  CHECK(user.mm().handle_fault(low + 20 * kPageSize, FaultAccess::kWrite) == FaultResult::kSegv);
}

TEST_CASE("brk grows and shrinks the heap and gives its pages back") {
  fake::Machine machine;
  User user;
  user.mm().start_break(0x08100123);
  CHECK(user.mm().set_break(0) == 0x08100123);
  CHECK(user.mm().set_break(0x08105000) == 0x08105000);
  user.write(0x08104000, 3);
  CHECK(user.mm().set_break(0x08102000) == 0x08102000);
  CHECK(pages_in_use(PageUse::kAnonymous) == 0);
  CHECK(user.mm().set_break(0x08100000) == 0x08102000);
  CHECK(user.mm().set_break(0xfffff000) == 0x08102000);
}

TEST_CASE("mremap grows in place, moves when it must, and the bytes come along") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(2 * kPageSize);
  user.write(at, 1);
  user.write(at + kPageSize, 2);
  const u32 wall = at + 2 * kPageSize;
  if (user.mm().find_area(wall) == nullptr) {
    CHECK(user.mm().remap(at, 2 * kPageSize, 3 * kPageSize, Mm::Move::kNo, 0).value() == at);
    CHECK(user.mm().remap(at, 3 * kPageSize, 2 * kPageSize, Mm::Move::kNo, 0).value() == at);
  }
  REQUIRE(
      user.mm()
          .map({.address = wall, .size = kPageSize, .protection = protection::kRead, .placement = Placement::kFixed})
          .ok());
  CHECK(user.mm().remap(at, 2 * kPageSize, 5 * kPageSize, Mm::Move::kNo, 0).error() == Errno::kNoMem);
  User child(user);  // shares the pages: the one who moves gets copies
  const u32 moved = user.mm().remap(at, 2 * kPageSize, 5 * kPageSize, Mm::Move::kMay, 0).value();
  CHECK(moved != at);
  CHECK(user.read(moved) == 1);
  CHECK(user.read(moved + kPageSize) == 2);
  CHECK(user.mm().handle_fault(at, FaultAccess::kRead) == FaultResult::kSegv);
  CHECK(child.read(at) == 1);
  user.write(moved, 9);
  CHECK(child.read(at) == 1);
}

TEST_CASE("A move that runs out of page tables puts everything back") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(6 * kMiB);
  for (u32 i = 0; i < 6; ++i) user.write(at + i * static_cast<u32>(kMiB), static_cast<u8>(i + 1));
  fake::fail_table_pages(2);
  CHECK(user.mm().remap(at, 6 * kMiB, 6 * kMiB, Mm::Move::kFixed, 0x20000000).error() == Errno::kNoMem);
  fake::fail_table_pages(0);
  for (u32 i = 0; i < 6; ++i) CHECK(user.read(at + i * static_cast<u32>(kMiB)) == i + 1);
  CHECK(user.mm().find_area(0x20000000) == nullptr);
}

TEST_CASE("A discarded range reads as zeros again, and what never fits is refused") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(2 * kPageSize);
  user.write(at, 1);
  REQUIRE(user.mm().advise(at, kPageSize, Advice::kDontNeed).ok());
  CHECK(user.read(at) == 0);
  CHECK(user.mm().map({.size = 3u << 30, .protection = protection::kWrite}).error() == Errno::kNoMem);
  CHECK(user.mm().map({.size = 0}).error() == Errno::kInval);
  CHECK(user.mm().map({.address = 0x1000, .size = 1, .placement = Placement::kFixed}).error() == Errno::kPerm);
  CHECK(user.mm()
            .map({.address = 0xfeffffff & ~kPageMask, .size = 2 * kPageSize, .placement = Placement::kFixed})
            .error() == Errno::kNoMem);
}

TEST_CASE("Locked memory has its pages at once and counts them") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(3 * kPageSize);
  REQUIRE(user.mm().lock(at + 10, kPageSize).ok());
  CHECK(user.mm().counters.locked_pages == 2);
  CHECK(user.mm().counters.anonymous_pages == 2);
  REQUIRE(user.mm().unlock(at, 3 * kPageSize).ok());
  CHECK(user.mm().counters.locked_pages == 0);
  CHECK(user.areas() == 1);
}
