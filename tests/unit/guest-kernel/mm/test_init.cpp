#include <catch2/catch.hpp>

#include "fake.hpp"
#include "mm/init.hpp"
#include "mm/stats.hpp"
#include "mm/zone.hpp"
#include "user.hpp"

using namespace ido;

namespace {

void add(BootMemory& m, u64 base, u64 size) { m.usable[m.usable_count++] = {base, size, "RAM"}; }
void reserve(BootMemory& m, u64 base, u64 size) { m.reserved[m.reserved_count++] = {base, size, "kernel image"}; }
void boot_data(BootMemory& m, u64 base, u64 size) { m.boot_data[m.boot_data_count++] = {base, size, "initramfs"}; }

void can_allocate() {
  fake::User user;
  const u32 at = user.map(kMiB);
  for (u32 i = 0; i < 256; ++i) user.write(at + i * kPageSize, 1);
}

}  // namespace

// Each of these boots its own machine, so each runs in a process of its own: see the last test.

TEST_CASE("boot: 64 GiB", "[.]") {
  BootMemory m;
  add(m, 0, 640 * kKiB);
  add(m, kMiB, 3 * kGiB - kMiB);
  add(m, 4 * kGiB, 61 * kGiB);
  reserve(m, kMiB, 3 * kMiB);
  fake::boot_with(m);
  CHECK(pages_in_use(PageUse::kMemMap) == 2 * kMemMapPages);  // of the kernel's section, and of the one that lends
  CHECK(memory_info().low_total_pages * 4 >= 3137464);        // kB: the announcement of 4G/4G in 2003
  CHECK(memory_info().total_pages > 64 * kGiB / kPageSize - 512 * (kMemMapPages + 1) - 1100);
  CHECK(memory_info().low_free_pages > memory_info().low_total_pages - 64);
  can_allocate();
}

TEST_CASE("boot: overlapping and unsorted ranges", "[.]") {
  BootMemory m;
  add(m, 200 * kMiB, 56 * kMiB);
  add(m, 100 * kMiB, 120 * kMiB);
  add(m, kMiB, 127 * kMiB);
  add(m, 110 * kMiB, kMiB);
  add(m, 0, 640 * kKiB);
  reserve(m, kMiB, 3 * kMiB);
  fake::boot_with(m);
  u32 present = 0;
  for (u32 i = 0; i < kZoneCount; ++i) present += zone_info(static_cast<ZoneId>(i)).present_pages;
  CHECK(present == (255 * kMiB + 640 * kKiB) / kPageSize);
  can_allocate();
}

TEST_CASE("boot: a small machine", "[.]") {
  BootMemory m;
  add(m, kMiB, 15 * kMiB);
  reserve(m, kMiB, 2 * kMiB);
  fake::boot_with(m);
  CHECK(memory_info().free_pages > 2500);
  can_allocate();
}

TEST_CASE("boot: boot data where a mem_map would go", "[.]") {
  BootMemory m;
  add(m, kMiB, 511 * kMiB);
  reserve(m, kMiB, 3 * kMiB);
  boot_data(m, 128 * kMiB, 100 * kMiB + 1);
  fake::boot_with(m);
  CHECK(section_at(1).deferred == false);
  CHECK(section_at(1).mem_map.value >= (228 * kMiB + kPageSize) / kPageSize);
  CHECK(section_at(2).deferred);
  OfflineReport report;
  CHECK(offline_memory(128 * kMiB, kSectionSize, report).error() == Errno::kBusy);
  CHECK(report.owner == std::string("initramfs"));
  mm::release_boot_data(128 * kMiB, 100 * kMiB + 1);
  CHECK(offline_memory(128 * kMiB, kSectionSize, report).ok());
  can_allocate();
}

TEST_CASE("boot: a section without room for its mem_map", "[.]") {
  BootMemory m;
  add(m, kMiB, 127 * kMiB);
  add(m, 128 * kMiB, 512 * kKiB);
  reserve(m, kMiB, 3 * kMiB);
  fake::boot_with(m);
  CHECK(section_at(1).state == SectionState::kAbsent);
  CHECK(fake::take_log().find("section 1: no room for its mem_map among 512 KiB; left unused") != std::string::npos);
  can_allocate();
}

TEST_CASE("boot: no memory", "[.]") { fake::boot_with(BootMemory{}); }

TEST_CASE("mm starts on memory maps large, small, odd, and stops on one without memory") {
  CHECK(fake::passes_in_fresh_process("boot: 64 GiB"));
  CHECK(fake::passes_in_fresh_process("boot: overlapping and unsorted ranges"));
  CHECK(fake::passes_in_fresh_process("boot: a small machine"));
  CHECK(fake::passes_in_fresh_process("boot: boot data where a mem_map would go"));
  CHECK(fake::passes_in_fresh_process("boot: a section without room for its mem_map"));
  CHECK_FALSE(fake::passes_in_fresh_process("boot: no memory"));
}
