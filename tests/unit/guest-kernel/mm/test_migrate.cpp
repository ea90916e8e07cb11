#include <catch2/catch.hpp>

#include "fake.hpp"
#include "mm/buddy.hpp"
#include "mm/migrate.hpp"
#include "mm/page_lock.hpp"
#include "mm/stats.hpp"
#include "user.hpp"

using namespace ido;
using fake::File;
using fake::file_byte;
using fake::User;

namespace {

constexpr u8 kReadWrite = protection::kRead | protection::kWrite;

}  // namespace

TEST_CASE("An anonymous page moves with its bytes, and its entry keeps its bits") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(kPageSize);
  user.write(at + 77, 5);
  const Pte before = *user.mm().table().entry(at, false);
  CHECK(migrate_page(page_of(before.frame())) == MoveResult::kMoved);
  const Pte after = *user.mm().table().entry(at, false);
  CHECK(after.frame() != before.frame());
  CHECK((after.value & ~pte::kFrameMask) == (before.value & ~pte::kFrameMask));
  CHECK(user.read(at + 77) == 5);
  CHECK(page_of(after.frame())->references == 1);
  CHECK(page_of(after.frame())->map_count == 1);
}

TEST_CASE("A page shared by a family of forks moves in all of them and stays copy-on-write") {
  fake::Machine machine;
  User parent;
  const u32 at = parent.map(kPageSize);
  parent.write(at, 5);
  User child(parent), grandchild(child);
  const Pfn old = parent.frame(at);
  CHECK(migrate_page(page_of(old)) == MoveResult::kMoved);
  CHECK(parent.frame(at) != old);
  CHECK(parent.frame(at) == child.frame(at));
  CHECK(parent.frame(at) == grandchild.frame(at));
  child.write(at, 6);
  CHECK(parent.read(at) == 5);
  CHECK(grandchild.read(at) == 5);
}

TEST_CASE("A page that mremap moved is still found") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(kPageSize);
  user.write(at, 5);
  const u32 to = 0x20000000;
  REQUIRE(user.mm().remap(at, kPageSize, kPageSize, Mm::Move::kFixed, to).value() == to);
  const Pfn old = user.frame(to);
  CHECK(migrate_page(page_of(old)) == MoveResult::kMoved);
  CHECK(user.frame(to) != old);
  CHECK(user.read(to) == 5);
}

TEST_CASE("A cache page moves in the cache and in shared and private mappings") {
  fake::Machine machine;
  File file(4 * kPageSize);
  User a, b;
  const u32 at_a = a.map(2 * kPageSize, kReadWrite, area_flag::kShared, &file);
  const u32 at_b =
      b.mm().map({.size = kPageSize, .protection = protection::kRead, .backing = &file, .first_index = 1}).value();
  a.write(at_a + kPageSize + 8, 42);
  CHECK(b.read(at_b + 8) == 42);
  Page* old = page_of(a.frame(at_a + kPageSize));
  CHECK(migrate_page(old) == MoveResult::kMoved);
  Page* now = file.find_page(1);
  CHECK(now != old);
  CHECK(frame_of(now) == a.frame(at_a + kPageSize));
  CHECK(frame_of(now) == b.frame(at_b));
  CHECK((now->flags & page_flag::kDirty) != 0);
  put_page(now);
  CHECK(b.read(at_b + 8) == 42);
  CHECK(b.read(at_b + 9) == file_byte(1, 9));
}

TEST_CASE("A page that nobody maps moves too") {
  fake::Machine machine;
  File file(kPageSize);
  Page* old = file.fetch_page(0).value();
  put_page(old);
  CHECK(migrate_page(old) == MoveResult::kMoved);
  Page* now = file.find_page(0);
  CHECK(now != old);
  put_page(now);
}

TEST_CASE("A held page is busy, a pinned one says so, and both stay mapped where they are") {
  fake::Machine machine;
  User user;
  const u32 at = user.map(kPageSize);
  user.write(at, 5);
  const Pte before = *user.mm().table().entry(at, false);
  Page* page = user.mm().get_user_page(at, FaultAccess::kRead).value();
  CHECK(migrate_page(page) == MoveResult::kBusy);
  CHECK(user.mm().table().entry(at, false)->value == before.value);
  CHECK(page_locked(page) == false);
  put_page(page);
  page->flags |= page_flag::kPinned;
  CHECK(migrate_page(page) == MoveResult::kPinned);
  page->flags &= static_cast<u8>(~page_flag::kPinned);
  CHECK(migrate_page(page) == MoveResult::kMoved);
  CHECK(user.read(at) == 5);
}

TEST_CASE("A locked page is busy") {
  fake::Machine machine;
  File file(kPageSize);
  Page* page = file.fetch_page(0).value();
  put_page(page);
  REQUIRE(try_lock_page(page));
  CHECK(migrate_page(page) == MoveResult::kBusy);
  unlock_page(page);
}

TEST_CASE("A refusal by the owner puts every mapping back") {
  fake::Machine machine;
  File file(kPageSize);
  User user;
  const u32 at = user.map(kPageSize, kReadWrite, area_flag::kShared, &file);
  user.write(at, 5);
  const Pte before = *user.mm().table().entry(at, false);
  file.on_migrate = []() -> Or<> { return fail(Errno::kOpNotSupp); };
  CHECK(migrate_page(page_of(before.frame())) == MoveResult::kRefused);
  file.on_migrate = []() -> Or<> { return fail(Errno::kBusy); };
  CHECK(migrate_page(page_of(before.frame())) == MoveResult::kBusy);
  CHECK(user.mm().table().entry(at, false)->value == before.value);
  CHECK(user.read(at) == 5);
}

TEST_CASE("While a page is on the move, accesses and lookups wait and then see the new place") {
  fake::Machine machine;
  File file(kPageSize);
  User user;
  const u32 at = user.map(kPageSize, kReadWrite, area_flag::kShared, &file);
  user.write(at, 5);
  Page* old = page_of(user.frame(at));
  WaitQueue disk;
  bool moving = false, moved = false;
  file.on_migrate = [&]() -> Or<> {
    moving = true;
    (void)disk.wait_interruptible_for(1000000);
    return {};
  };
  const u32 waits = event_count(MmEvent::kMigrateWait);
  fake::run_tasks(3, {[&] {
                        CHECK(migrate_page(old) == MoveResult::kMoved);
                        moved = true;
                      },
                      [&] {
                        while (!moving) (void)disk.wait_interruptible_for(10);
                        CHECK(is_migration_entry(*user.mm().table().entry(at, false)));
                        user.write(at, 6);
                        CHECK(moved);
                      },
                      [&] {
                        while (!moving) (void)disk.wait_interruptible_for(10);
                        Page* page = file.find_page(0);
                        CHECK(moved);
                        CHECK(page != old);
                        put_page(page);
                      }});
  CHECK(event_count(MmEvent::kMigrateWait) > waits);
  CHECK(user.read(at) == 6);
}

TEST_CASE("A page may be unmapped, truncated or forked while it is on the move") {
  fake::Machine machine;
  for (u32 seed = 1; seed < 20; ++seed) {
    File file(2 * kPageSize);
    WaitQueue disk;
    file.on_migrate = [&]() -> Or<> {
      (void)disk.wait_interruptible_for(1000);
      return {};
    };
    {
      User user;
      const u32 at = user.map(2 * kPageSize, kReadWrite, area_flag::kShared, &file);
      user.write(at, 5);
      user.write(at + kPageSize, 6);
      Page* first = page_of(user.frame(at));
      Page* second = page_of(user.frame(at + kPageSize));
      fake::run_tasks(seed, {[&] { (void)migrate_page(first); }, [&] { (void)migrate_page(second); },
                             [&] {
                               yield_if_due();
                               REQUIRE(user.mm().unmap(at, kPageSize).ok());
                             },
                             [&] {
                               yield_if_due();
                               User child(user);
                               yield_if_due();
                             },
                             [&] {
                               yield_if_due();
                               file.resize(kPageSize);
                               file.truncate_pages(1);
                             }});
      CHECK(user.mm().handle_fault(at + kPageSize, FaultAccess::kRead) == FaultResult::kBus);
      CHECK(user.mm().counters.file_pages == 0);
    }
    Page* page = file.find_page(0);
    REQUIRE(page != nullptr);
    CHECK(fake::physical(frame_of(page))[0] == 5);
    put_page(page);
  }
}
