#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "fake.hpp"
#include "mm/init.hpp"
#include "mm/stats.hpp"
#include "mm/zone.hpp"

using namespace ido;

namespace {

bool is_low(Page* page) { return in_low_memory(frame_of(page)); }

}  // namespace

TEST_CASE("User pages come from high memory while there is some, kernel pages from low memory") {
  fake::Machine machine;
  Page* user = allocate_pages({.use = PageUse::kKernel}).value();
  Page* kernel = allocate_pages({.zones = kLowZones, .type = MigrateType::kUnmovable, .use = PageUse::kKernel}).value();
  CHECK(zone_of(frame_of(user)) == ZoneId::kHighMem);
  CHECK(is_low(kernel));
  free_pages(user, 0);
  free_pages(kernel, 0);
}

TEST_CASE("Blocks of any order are aligned to their size and come back whole") {
  fake::Machine machine;
  const ZoneInfo before = zone_info(ZoneId::kNormal);
  for (u32 order = 0; order <= kMaxOrder; ++order) {
    void* p = allocate_kernel_pages(order, "test");
    REQUIRE(p != nullptr);
    CHECK(low_frame(p).value % (1u << order) == 0);
    CHECK(page_of_address(p)->owner == std::string("test"));
    free_kernel_pages(p, order);
  }
  CHECK(zone_info(ZoneId::kNormal).free_pages == before.free_pages);
  CHECK(
      std::equal(std::begin(before.free_blocks), std::end(before.free_blocks), zone_info(ZoneId::kNormal).free_blocks));
}

TEST_CASE("Boot data becomes free memory when it is released, and only it") {
  fake::Machine machine;
  Page* edge = page_of(Pfn{5 * kMiB / kPageSize});
  static bool released;
  if (released) return;
  released = true;
  CHECK(edge->use == PageUse::kBoot);
  CHECK(page_of(Pfn{kMiB / kPageSize})->use == PageUse::kReserved);
  CHECK(page_of(Pfn{700 * kKiB / kPageSize})->use == PageUse::kReserved);
  const u32 before = memory_info().total_pages;
  mm::release_boot_data(5 * kMiB + 100, kMiB);
  CHECK(memory_info().total_pages == before + 257);  // both partial pages are its own
  CHECK(edge->use != PageUse::kBoot);
  // What was released stays managed; take it out of this test's balance.
  std::vector<Page*> pages;
  for (u32 i = 0; i < 257; ++i) pages.push_back(allocate_pages({.zones = kLowZones, .use = PageUse::kKernel}).value());
}

TEST_CASE("Kernel pages stay together in few pageblocks") {
  fake::Machine machine;
  std::vector<Page*> kernel, user;
  for (u32 i = 0; i < 900; ++i) {
    kernel.push_back(
        allocate_pages({.zones = kLowZones, .type = MigrateType::kUnmovable, .use = PageUse::kKernel}).value());
    user.push_back(allocate_pages({.zones = kLowZones, .use = PageUse::kKernel}).value());
  }
  std::vector<u32> blocks;
  for (Page* p : kernel) blocks.push_back(frame_of(p).value / kPageblockPages);
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  CHECK(blocks.size() <= 3);
  for (Page* p : kernel) free_pages(p, 0);
  for (Page* p : user) free_pages(p, 0);
}

TEST_CASE("User pages leave the kernel a reserve of low memory, and running out is an error") {
  fake::Machine machine;
  std::vector<Page*> pages;
  for (;;) {
    auto page = allocate_pages({.use = PageUse::kKernel});
    if (!page) {
      CHECK(page.error() == Errno::kNoMem);
      break;
    }
    pages.push_back(page.value());
  }
  CHECK(zone_info(ZoneId::kNormal).free_pages > 0);
  CHECK(zone_info(ZoneId::kHighMem).free_pages == 0);
  void* kernel = allocate_kernel_pages(0, "test");
  CHECK(kernel != nullptr);
  if (kernel != nullptr) free_kernel_pages(kernel, 0);
  for (Page* p : pages) free_pages(p, 0);
}

TEST_CASE("Random allocation agrees with a model: no frame is handed out twice") {
  fake::Machine machine;
  std::vector<bool> taken(2 * 65536 + 4 * kGiB / kPageSize);
  struct Block {
    Page* head;
    u32 order;
  };
  std::vector<Block> blocks;
  u32 seed = 42;
  auto random = [&] { return (seed = seed * 1664525 + 1013904223) >> 8; };
  auto mark = [&](Block b, bool value) {
    for (u32 i = 0; i < (1u << b.order); ++i) {
      const u32 f = frame_of(b.head).value + i;
      REQUIRE(taken[f] != value);
      taken[f] = value;
    }
  };
  for (u32 step = 0; step < 20000; ++step) {
    if (random() % 5 < 3) {
      const u32 order = random() % 5 == 0 ? random() % (kMaxOrder + 1) : random() % 3;
      const bool kernel = random() % 2;
      auto page = allocate_pages({.zones = kernel ? kLowZones : kUserZones,
                                  .type = kernel ? MigrateType::kUnmovable : MigrateType::kMovable,
                                  .use = PageUse::kKernel,
                                  .order = order});
      if (!page) continue;
      blocks.push_back({page.value(), order});
      mark(blocks.back(), true);
    } else if (!blocks.empty()) {
      std::swap(blocks[random() % blocks.size()], blocks.back());
      mark(blocks.back(), false);
      free_pages(blocks.back().head, blocks.back().order);
      blocks.pop_back();
    }
  }
  for (Block b : blocks) free_pages(b.head, b.order);
}
