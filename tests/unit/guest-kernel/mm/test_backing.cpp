#include <catch2/catch.hpp>

#include "fake.hpp"
#include "mm/backing.hpp"
#include "mm/stats.hpp"
#include "user.hpp"

using namespace ido;
using fake::File;
using fake::file_byte;
using fake::User;

TEST_CASE("A page is read in once and then found in the cache") {
  fake::Machine machine;
  File file(3 * kPageSize);
  u32 reads = 0;
  file.on_read = [&]() -> Or<> {
    ++reads;
    return {};
  };
  CHECK(file.find_page(1) == nullptr);
  Page* page = file.fetch_page(1).value();
  CHECK(file.find_page(1) == page);
  CHECK(reads == 1);
  CHECK(page->references == 3);
  put_page(page);
  put_page(page);
  CHECK(file.cached_pages() == 1);
}

TEST_CASE("A failed read leaves nothing in the cache") {
  fake::Machine machine;
  File file(kPageSize);
  file.on_read = []() -> Or<> { return fail(Errno::kIo); };
  CHECK(file.fetch_page(0).error() == Errno::kIo);
  CHECK(file.cached_pages() == 0);
}

TEST_CASE("Shared file mappings and the cache are the same bytes; private writes are the writer's own") {
  fake::Machine machine;
  File file(2 * kPageSize);
  {
    User a, b, c;
    const u32 at_a = a.map(2 * kPageSize, protection::kRead | protection::kWrite, area_flag::kShared, &file);
    const u32 at_b = b.map(2 * kPageSize, protection::kRead | protection::kWrite, area_flag::kShared, &file);
    const u32 at_c = c.map(2 * kPageSize, protection::kRead | protection::kWrite, 0, &file);
    CHECK(c.read(at_c + 3) == file_byte(0, 3));
    a.write(at_a + 3, 99);
    CHECK(b.read(at_b + 3) == 99);
    CHECK(c.read(at_c + 3) == 99);
    c.write(at_c + 3, 7);
    CHECK(c.read(at_c + 3) == 7);
    CHECK(c.read(at_c + 4) == file_byte(0, 4));
    CHECK(a.read(at_a + 3) == 99);
    CHECK(file.references == 3);
  }
  CHECK(file.references == 0);
  CHECK(file.areas.empty());
}

TEST_CASE("Accesses beyond the end of a file are a bus error") {
  fake::Machine machine;
  File file(kPageSize + 1);
  User user;
  const u32 at = user.map(4 * kPageSize, protection::kRead, 0, &file);
  CHECK(user.read(at + kPageSize) == file_byte(1, 0));
  CHECK(user.mm().handle_fault(at + 2 * kPageSize, FaultAccess::kRead) == FaultResult::kBus);
}

TEST_CASE("Truncation takes pages out of address spaces and zeroes the tail of the last") {
  fake::Machine machine;
  File file(3 * kPageSize);
  User user;
  const u32 at = user.map(3 * kPageSize, protection::kRead | protection::kWrite, area_flag::kShared, &file);
  for (u32 i = 0; i < 3; ++i) user.write(at + i * kPageSize + 200, 5);
  file.resize(100);
  file.truncate_pages(1, 100);
  CHECK(file.cached_pages() == 1);
  CHECK(user.read(at + 99) == file_byte(0, 99));
  CHECK(user.read(at + 200) == 0);
  CHECK(user.mm().handle_fault(at + kPageSize, FaultAccess::kRead) == FaultResult::kBus);
}

TEST_CASE("Two tasks that want the same missing page read it once") {
  fake::Machine machine;
  File file(kPageSize);
  u32 reads = 0;
  WaitQueue disk;
  file.on_read = [&]() -> Or<> {
    ++reads;
    (void)disk.wait_interruptible_for(1000);
    return {};
  };
  Page* pages[2];
  fake::run_tasks(1, {[&] { pages[0] = file.fetch_page(0).value(); }, [&] { pages[1] = file.fetch_page(0).value(); }});
  CHECK(reads == 1);
  CHECK(pages[0] == pages[1]);
  put_page(pages[0]);
  put_page(pages[1]);
}
