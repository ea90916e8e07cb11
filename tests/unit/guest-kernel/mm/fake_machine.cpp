#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "arch/kmap.hpp"
#include "fake.hpp"
#include "fake_tasks.hpp"
#include "lib/lock_order.hpp"
#include "mm/init.hpp"
#include "mm/kmalloc.hpp"
#include "mm/stats.hpp"
#include "mm/zone.hpp"

namespace fake {
namespace {

bool booted;

void boot_once() {
  if (booted) return;
  ido::BootMemory memory;
  memory.usable[memory.usable_count++] = {0, 640 * kKiB, nullptr};
  memory.usable[memory.usable_count++] = {kMiB, 255 * kMiB, nullptr};
  memory.usable[memory.usable_count++] = {4 * kGiB, 256 * kMiB, nullptr};
  memory.reserved[memory.reserved_count++] = {0, kPageSize, "first page"};
  memory.reserved[memory.reserved_count++] = {kMiB, 3 * kMiB, "kernel image"};
  memory.boot_data[memory.boot_data_count++] = {5 * kMiB + 100, kMiB, "initramfs"};
  boot_with(memory);
}

u32 objects_in_use() {
  u32 total = 0;
  for (auto* cache = ido::SlabCache::first(); cache != nullptr; cache = cache->next()) total += cache->objects_in_use();
  return total;
}

// Free pages, and those that the kernel keeps for the next time: empty slabs, tables of its own mappings.
u32 settled_free_pages() {
  const ido::MemoryInfo info = ido::memory_info();
  return info.free_pages + info.slab_pages + info.table_pages;
}

}  // namespace

void boot_with(const ido::BootMemory& memory) {
  REQUIRE(!booted);
  booted = true;
  make_physical_memory();
  ido::mm::init(memory);
  ido::lock_check_is_on = true;
}

bool passes_in_fresh_process(const std::string& test) {
  char self[4096] = {};
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) return false;
  const std::string command = std::string(self) + " '" + test + "' >/dev/null 2>&1";
  return system(command.c_str()) == 0;
}

Machine::Machine() {
  boot_once();
  ido::Mm* mm = ido::Mm::create().value();  // warms lasting things: the zero page
  (void)mm
      ->map({.address = 0x100000,
             .size = kPageSize,
             .protection = ido::protection::kRead,
             .placement = ido::Placement::kFixed})
      .value();
  (void)mm->handle_fault(0x100000, ido::FaultAccess::kRead);
  mm->put();
  free_pages_ = settled_free_pages();
  objects_ = objects_in_use();
}

Machine::~Machine() {
  fail_table_pages(0);
  CHECK(objects_in_use() == objects_);
  CHECK(settled_free_pages() == free_pages_);
  CHECK(ido::pages_in_use(ido::PageUse::kAnonymous) == 0);
  CHECK(ido::pages_in_use(ido::PageUse::kCache) == 0);
  CHECK(user_tables() == 0);
  CHECK(ido::mapped_file_pages == 0);
  CHECK(ido::committed_pages == 0);
}

u8 file_byte(u32 index, u32 i) { return static_cast<u8>(index * 7 + i * 13 + 1); }

ido::Or<> File::read_page(ido::Page* page) {
  if (on_read) TRY(on_read());
  u8* bytes = physical(ido::frame_of(page));
  for (u32 i = 0; i < kPageSize; ++i) bytes[i] = file_byte(page->index, i);
  return {};
}

ido::Or<> File::migrate_page(ido::Page* from, ido::Page* to) {
  if (on_migrate) TRY(on_migrate());
  return Backing::migrate_page(from, to);
}

void File::describe(char* buffer, u32 size) { snprintf(buffer, size, "/test/file"); }

}  // namespace fake
