// Zone: the free lists and counts of one zone, and the verbs that move blocks between the allocator, its users and the
// isolated state. For mm only: others allocate by mm/buddy.hpp.
//
// Counts of a zone include its deferred sections, whose free pages are in no list yet.
#pragma once

#include "mm/buddy.hpp"
#include "mm/sections.hpp"

namespace ido {

struct Zone {
  using FreeList = IntrusiveList<Page, &Page::node>;
  FreeList free[kMaxOrder + 1][kMigrateTypes];
  u32 free_blocks[kMaxOrder + 1] = {};
  u32 free_pages = 0;
  u32 deferred_pages = 0;       // of these, in sections whose mem_map is not made yet
  u32 managed_pages = 0;        // RAM that the allocator owns, used or free
  u32 present_pages = 0;        // RAM, with what is reserved
  u32 watermark_min_pages = 0;  // below it only the kernel's own requests are served
};

Zone& zone_at(ZoneId id);
void set_watermarks();  // after managed_pages changed

MigrateType pageblock_type(Pfn frame);
void set_pageblock_type(Pfn frame, MigrateType type);

// Gives frames to the allocator for good: they become managed, and free as the largest aligned blocks.
void manage_range(Pfn first, u32 count);

// Offlining: takes a free block out of the lists; gives an isolated block back to them.
void isolate_free_block(Page* head);
void release_isolated_block(Page* head);

// Pages allocated now for each use, for meminfo.
u32 pages_in_use(PageUse use);
void count_use(PageUse use, i32 pages);

}  // namespace ido
