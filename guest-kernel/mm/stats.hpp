// Figures for /proc/meminfo, zoneinfo, vmstat and buddyinfo. All in pages unless named otherwise.
#pragma once

#include "mm/buddy.hpp"

namespace ido {

// Event counters, from boot. One row each: enumerator, name in /proc/vmstat.
#define IDO_MM_EVENTS(X)                         \
  X(kPgAlloc, "pgalloc")                         \
  X(kPgFree, "pgfree")                           \
  X(kPgFault, "pgfault")                         \
  X(kPgMajFault, "pgmajfault")                   \
  X(kCowCopy, "cow_copy")                        \
  X(kCowReuse, "cow_reuse")                      \
  X(kMigrateSuccess, "pgmigrate_success")        \
  X(kMigrateFail, "pgmigrate_fail")              \
  X(kMigrateRetry, "pgmigrate_retry")            \
  X(kMigrateWait, "pgmigrate_wait")              \
  X(kSectionOnline, "section_online")            \
  X(kSectionOffline, "section_offline")          \
  X(kSectionOfflineFail, "section_offline_fail") \
  X(kSlabsScanned, "slabs_scanned")              \
  X(kOomKill, "oom_kill")                        \
  X(kAllocFail, "allocfail")

enum class MmEvent : u8 {
#define X(name, text) name,
  IDO_MM_EVENTS(X)
#undef X
      kCount
};
void count_event(MmEvent event);
void count_events(MmEvent event, u32 count);
u32 event_count(MmEvent event);
const char* event_name(MmEvent event);

// Kept by the code that maps pages.
extern u32 mapped_file_pages;  // cache pages that some page table names
extern u32 committed_pages;    // pages that were promised (commit.hpp)
extern u32 locked_pages;       // pages of areas under mlock
extern u32 shared_pages;       // cache pages of tmpfs and shared memory
extern u32 kernel_stack_pages;
u32 memory_total_pages();

struct MemoryInfo {
  u32 total_pages, free_pages, available_pages;
  u32 high_total_pages, high_free_pages, low_total_pages, low_free_pages;  // Movable counts as high

  u32 cached_pages;  // page cache, shared memory too
  u32 shared_pages;  // tmpfs and shared memory
  u32 anonymous_pages;
  u32 mapped_pages;  // file pages in page tables
  u32 slab_pages, table_pages, kernel_pages, mem_map_pages, dirty_pages;
  u32 slab_reclaimable_pages, kernel_stack_pages, locked_pages;
  u32 committed_pages;
};
MemoryInfo memory_info();

struct ZoneInfo {
  const char* name;
  u32 start_frame, spanned_pages, present_pages, managed_pages, free_pages;
  u32 watermark_min_pages;
  u32 free_blocks[kMaxOrder + 1];  // by order
};
ZoneInfo zone_info(ZoneId zone);

}  // namespace ido
