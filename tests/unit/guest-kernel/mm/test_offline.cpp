#include <catch2/catch.hpp>
#include <vector>

#include "fake.hpp"
#include "mm/buddy.hpp"
#include "mm/kmalloc.hpp"
#include "mm/stats.hpp"
#include "mm/zone.hpp"
#include "user.hpp"

using namespace ido;
using fake::File;
using fake::kHotplugBase;
using fake::User;

namespace {

std::string sentence(const OfflineReport& report) {
  char text[160];
  report.format(text, sizeof text);
  return text;
}

u32 first_section() { return static_cast<u32>(kHotplugBase >> kSectionShift); }
bool in_dimm(Pfn f) { return phys_of(f).value >= kHotplugBase; }

// A DIMM for the test's duration, of n sections.
struct Dimm {
  explicit Dimm(u32 sections) : size(sections * kSectionSize) {
    REQUIRE(add_and_online_memory(kHotplugBase, size, 0).ok());
  }
  ~Dimm() {
    if (gone) return;
    OfflineReport report;
    const bool ok = offline_and_remove_memory(kHotplugBase, size, report).ok();
    INFO(sentence(report));
    CHECK(ok);
  }
  u64 size;
  bool gone = false;
};

// One page of a zone by force, for the kernel.
Page* kernel_page_on_dimm() {
  return allocate_pages({.zones = zone_bit(ZoneId::kMovable),
                         .type = MigrateType::kUnmovable,
                         .use = PageUse::kKernel,
                         .owner = "test buffer"})
      .value();
}

}  // namespace

TEST_CASE("A DIMM adds its memory less its own mem_map, and takes all of it away again") {
  fake::Machine machine;
  const MemoryInfo before = memory_info();
  const u32 low_before = before.low_free_pages;
  {
    Dimm dimm(2);
    CHECK(memory_info().total_pages == before.total_pages + 2 * (kSectionPages - kMemMapPages));
    CHECK(section_at(first_section()).state == SectionState::kOnline);
    CHECK(std::string(section_valid_zones(first_section())) == "Movable");
    User user;
    const u32 at = user.map(kPageSize);
    user.write(at, 1);
    CHECK(in_dimm(user.frame(at)));
    CHECK(page_of(Pfn{static_cast<u32>(kHotplugBase >> kPageShift)})->use == PageUse::kMemMap);
  }
  CHECK(memory_info().total_pages == before.total_pages);
  CHECK(memory_info().low_free_pages + memory_info().slab_pages >= low_before);
  CHECK(section_at(first_section()).state == SectionState::kAbsent);
}

TEST_CASE("Bad ranges are refused and change nothing") {
  fake::Machine machine;
  Dimm dimm(1);
  OfflineReport report;
  CHECK(add_memory(kHotplugBase, kSectionSize, 0).error() == Errno::kExist);
  CHECK(add_memory(kHotplugBase + kMiB, kSectionSize, 0).error() == Errno::kInval);
  CHECK(add_memory(kHotplugBase + kSectionSize, kMiB, 0).error() == Errno::kInval);
  CHECK(add_memory(kHotplugBase, 0, 0).error() == Errno::kInval);
  CHECK(add_memory(u64{1} << 40, kSectionSize, 0).error() == Errno::kRange);
  CHECK(add_memory(~u64{0} & ~(kSectionSize - 1), kSectionSize, 0).error() == Errno::kRange);
  CHECK(remove_memory(kHotplugBase, kSectionSize).error() == Errno::kBusy);
  CHECK(offline_memory(kHotplugBase, 2 * kSectionSize, report).error() == Errno::kInval);
  CHECK(report.blocked == OfflineReport::Blocked::kState);
  CHECK(section_at(first_section()).state == SectionState::kOnline);
}

TEST_CASE("Removal moves anonymous, shared, forked and file pages away and nothing is lost") {
  fake::Machine machine;
  File file(300 * kPageSize);
  User user;
  u32 at = 0, shared = 0, mapped = 0;
  {
    Dimm dimm(1);
    at = user.map(500 * kPageSize);
    shared = user.map(100 * kPageSize, protection::kRead | protection::kWrite, area_flag::kShared);
    mapped = user.map(300 * kPageSize, protection::kRead | protection::kWrite, 0, &file);
    for (u32 i = 0; i < 500; ++i) user.write(at + i * kPageSize + i, static_cast<u8>(i));
    for (u32 i = 0; i < 100; ++i) user.write(shared + i * kPageSize + i, static_cast<u8>(i + 1));
    for (u32 i = 0; i < 300; ++i) user.write(mapped + i * kPageSize, static_cast<u8>(i + 2));
    REQUIRE(user.mm().lock(at, 10 * kPageSize).ok());
    CHECK(in_dimm(user.frame(at)));
    OfflineReport report;
    User child(user);
    REQUIRE(offline_and_remove_memory(kHotplugBase, kSectionSize, report).ok());
    dimm.gone = true;
    CHECK(report.migrated_pages == 500 + 100 + 300 + 300);
    CHECK(!in_dimm(user.frame(at)));
    for (u32 i = 0; i < 500; ++i) REQUIRE(child.read(at + i * kPageSize + i) == static_cast<u8>(i));
  }
  for (u32 i = 0; i < 500; ++i) REQUIRE(user.read(at + i * kPageSize + i) == static_cast<u8>(i));
  for (u32 i = 0; i < 100; ++i) REQUIRE(user.read(shared + i * kPageSize + i) == static_cast<u8>(i + 1));
  for (u32 i = 0; i < 300; ++i) REQUIRE(user.read(mapped + i * kPageSize) == static_cast<u8>(i + 2));
  for (u32 i = 0; i < 300; ++i) REQUIRE(user.read(mapped + i * kPageSize + 1) == fake::file_byte(i, 1));
}

TEST_CASE("A kernel page in the third section keeps all three online, and the report names it") {
  fake::Machine machine;
  Dimm dimm(3);
  User user;
  const u32 at = user.map(64 * kPageSize);
  for (u32 i = 0; i < 64; ++i) user.write(at + i * kPageSize, static_cast<u8>(i));
  // Fill the first two sections, so that the kernel's page comes from the third.
  std::vector<Page*> filling;
  Page* blocking = nullptr;
  for (;;) {
    Page* page = kernel_page_on_dimm();
    if (section_index_of(frame_of(page)) == first_section() + 2) {
      blocking = page;
      break;
    }
    filling.push_back(page);
  }
  for (Page* page : filling) free_pages(page, 0);
  const u32 free_before = memory_info().free_pages;
  OfflineReport report;
  CHECK(offline_and_remove_memory(kHotplugBase, dimm.size, report).error() == Errno::kBusy);
  CHECK(report.blocked == OfflineReport::Blocked::kKernelUse);
  CHECK(report.frame == frame_of(blocking));
  CHECK(sentence(report).find("kernel, test buffer; the kernel's own memory can't move") != std::string::npos);
  for (u32 i = 0; i < 3; ++i) CHECK(section_at(first_section() + i).state == SectionState::kOnline);
  CHECK(section_removable(first_section()));
  CHECK(!section_removable(first_section() + 2));
  CHECK(memory_info().free_pages == free_before);
  free_pages(blocking, 0);
}

TEST_CASE("A page held for ever fails the removal after some rounds, and the range is back in use") {
  fake::Machine machine;
  Dimm dimm(2);
  User user;
  const u32 at = user.map(8 * kPageSize);
  for (u32 i = 0; i < 8; ++i) user.write(at + i * kPageSize, static_cast<u8>(i));
  Page* held = user.mm().get_user_page(at + 3 * kPageSize, FaultAccess::kWrite).value();
  const u32 total = memory_info().total_pages, free = memory_info().free_pages;
  OfflineReport report;
  CHECK(offline_memory(kHotplugBase, dimm.size, report).error() == Errno::kBusy);
  CHECK(report.blocked == OfflineReport::Blocked::kBusy);
  CHECK(report.frame == frame_of(held));
  CHECK(sentence(report).find("anonymous memory; its users did not let go of it") != std::string::npos);
  CHECK(memory_info().total_pages == total);
  CHECK(memory_info().free_pages == free);
  for (u32 i = 0; i < 8; ++i) CHECK(user.read(at + i * kPageSize) == i);
  put_page(held);
}

TEST_CASE("A page held for a while delays the removal only") {
  fake::Machine machine;
  Dimm dimm(1);
  User user;
  const u32 at = user.map(kPageSize);
  user.write(at, 5);
  Page* held = user.mm().get_user_page(at, FaultAccess::kWrite).value();
  OfflineReport report;
  WaitQueue clock;
  fake::run_tasks(1, {[&] { REQUIRE(offline_and_remove_memory(kHotplugBase, dimm.size, report).ok()); },
                      [&] {
                        (void)clock.wait_interruptible_for(35'000'000);
                        put_page(held);
                      }});
  dimm.gone = true;
  CHECK(report.rounds > 1);
  CHECK(user.read(at) == 5);
}

TEST_CASE("A refusal by a file's owner rolls back and names the file") {
  fake::Machine machine;
  Dimm dimm(1);
  File file(2 * kPageSize);
  put_page(file.fetch_page(0).value());
  file.on_migrate = []() -> Or<> { return fail(Errno::kOpNotSupp); };
  OfflineReport report;
  CHECK(offline_memory(kHotplugBase, dimm.size, report).error() == Errno::kBusy);
  CHECK(sentence(report).find("/test/file; its owner refused to move it") != std::string::npos);
  CHECK(section_at(first_section()).state == SectionState::kOnline);
  file.on_migrate = nullptr;
}

TEST_CASE("Without room elsewhere the removal fails and nothing is lost") {
  fake::Machine machine;
  {
    Dimm dimm(2);
    User user;
    const u32 pages = memory_info().available_pages - 1000;  // page tables need some
    const u32 at = user.map(u64{pages} * kPageSize);
    for (u32 i = 0; i < pages; ++i) user.write(at + i * kPageSize, static_cast<u8>(i));
    OfflineReport report;
    CHECK(offline_and_remove_memory(kHotplugBase, dimm.size, report).error() == Errno::kNoMem);
    CHECK(report.blocked == OfflineReport::Blocked::kNoMemory);
    CHECK(section_at(first_section()).state == SectionState::kOnline);
    CHECK(section_at(first_section() + 1).state == SectionState::kOnline);
    for (u32 i = 0; i < pages; ++i) REQUIRE(user.read(at + i * kPageSize) == static_cast<u8>(i));
  }
}

TEST_CASE("An offline section comes back online, as what it is told to be") {
  fake::Machine machine;
  Dimm dimm(1);
  OfflineReport report;
  User user;
  const u32 at = user.map(kPageSize);
  user.write(at, 1);  // so that the section has its mem_map
  const u32 total = memory_info().total_pages;
  REQUIRE(offline_memory(kHotplugBase, dimm.size, report).ok());
  CHECK(memory_info().total_pages == total - (kSectionPages - kMemMapPages));
  CHECK(std::string(section_valid_zones(first_section())) == "HighMem Movable");
  REQUIRE(online_memory(kHotplugBase, dimm.size, OnlineAs::kKernel).ok());
  CHECK(memory_info().total_pages == total);
  CHECK(section_at(first_section()).zone == ZoneId::kHighMem);
  CHECK(zone_info(ZoneId::kMovable).present_pages == 0);
  REQUIRE(offline_memory(kHotplugBase, dimm.size, report).ok());
  REQUIRE(online_memory(kHotplugBase, dimm.size).ok());
  CHECK(section_at(first_section()).zone == ZoneId::kMovable);
}

TEST_CASE("Boot memory goes offline when all in it can move, and the section of the kernel does not") {
  fake::Machine machine;
  OfflineReport report;
  const u64 high = 4 * kGiB + kSectionSize;
  REQUIRE(offline_memory(high, kSectionSize, report).ok());
  REQUIRE(online_memory(high, kSectionSize).ok());
  CHECK(offline_memory(0, kSectionSize, report).error() == Errno::kBusy);
  CHECK(section_removable(0) == false);
  CHECK(section_at(0).state == SectionState::kOnline);
  // The first section of high memory holds the mem_map of low memory.
  CHECK(offline_memory(4 * kGiB, kSectionSize, report).error() == Errno::kBusy);
  CHECK(report.owner == std::string("kernel, mem_map of low memory"));
}

TEST_CASE("With the policy kernel, added memory serves any zone; with offline, it waits") {
  fake::Machine machine;
  OfflineReport report;
  set_online_policy(OnlinePolicy::kOffline);
  REQUIRE(add_and_online_memory(kHotplugBase, kSectionSize, 0).ok());
  CHECK(section_at(first_section()).state == SectionState::kOffline);
  REQUIRE(remove_memory(kHotplugBase, kSectionSize).ok());
  set_online_policy(OnlinePolicy::kKernel);
  REQUIRE(add_and_online_memory(kHotplugBase, kSectionSize, 0).ok());
  CHECK(section_at(first_section()).zone == ZoneId::kHighMem);
  REQUIRE(offline_and_remove_memory(kHotplugBase, kSectionSize, report).ok());
  set_online_policy(OnlinePolicy::kMovable);
}

TEST_CASE("A large DIMM that nobody used costs no page of its own or of others") {
  fake::Machine machine;
  const u32 mem_map = pages_in_use(PageUse::kMemMap), free = memory_info().free_pages;
  Dimm dimm(64);
  CHECK(pages_in_use(PageUse::kMemMap) == mem_map);
  CHECK(memory_info().free_pages == free + 64 * (kSectionPages - kMemMapPages));
}

TEST_CASE("Without a page table for a DIMM's mem_map, programs get memory elsewhere until there is one") {
  fake::Machine machine;
  REQUIRE(add_and_online_memory(6 * kGiB, kSectionSize, 0).ok());  // where no test had a mem_map before
  User user;
  const u32 at = user.map(2 * kPageSize);
  user.write(at, 1);  // its own page tables are there now
  const bool had_table = in_dimm(user.frame(at));
  REQUIRE(user.mm().advise(at, kPageSize, Advice::kDontNeed).ok());
  fake::fail_table_pages(1);
  user.write(at, 1);
  fake::fail_table_pages(0);
  CHECK((had_table || !in_dimm(user.frame(at))));
  user.write(at + kPageSize, 2);
  CHECK(in_dimm(user.frame(at + kPageSize)));
  OfflineReport report;
  REQUIRE(offline_and_remove_memory(6 * kGiB, kSectionSize, report).ok());
  CHECK(user.read(at + kPageSize) == 2);
}
