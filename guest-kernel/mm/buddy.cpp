// Blocks are split and merged with their buddies, the neighbour whose frame number differs in bit `order` only.
#include "mm/buddy.hpp"

#include "arch/kmap.hpp"
#include "lib/print.hpp"
#include "mm/poison.hpp"
#include "mm/populate.hpp"
#include "mm/rmap.hpp"
#include "mm/stats.hpp"
#include "mm/zone.hpp"

namespace ido {
namespace {

Zone zones[kZoneCount];
constexpr u32 kPopulateAheadPages = 512;
u32 used_pages[static_cast<u32>(PageUse::kBoot) + 1];

Pfn pageblock_of(Pfn f) { return Pfn{f.value & ~(kPageblockPages - 1)}; }
u32 list_of(Pfn f) { return static_cast<u32>(pageblock_type(f)); }

void insert_block(Pfn first, u32 order) {
  Zone& zone = zone_at(zone_of(first));
  Page* head = page_of(first);
  head->use = PageUse::kFree;
  head->order = static_cast<u8>(order);
  zone.free[order][list_of(first)].push_front(*head);
  ++zone.free_blocks[order];
}

void take_block(Page* head) {
  Zone& zone = zone_at(zone_of(frame_of(head)));
  KASSERT(head->use == PageUse::kFree);
  Zone::FreeList::remove(*head);
  --zone.free_blocks[head->order];
  head->use = PageUse::kTail;
}

void count_free(Pfn first, u32 order, bool freed) {
  const u32 pages = 1u << order;
  Zone& zone = zone_at(zone_of(first));
  Section& section = section_of(first);
  zone.free_pages += freed ? pages : 0u - pages;
  section.free_pages += freed ? pages : 0u - pages;
}

// The free buddy of a block in the same zone and section, or nullptr.
Page* free_buddy(Pfn first, u32 order) {
  const Pfn buddy{first.value ^ (1u << order)};
  if (zone_of(buddy) != zone_of(first)) return nullptr;
  Page* page = page_of(buddy);  // same pageblock at the largest, so the same section
  return page->use == PageUse::kFree && page->order == order ? page : nullptr;
}

// Into the lists, merged as far as it goes. Counts are the caller's.
void insert_merged(Pfn first, u32 order) {
  while (order < kMaxOrder) {
    Page* buddy = free_buddy(first, order);
    if (buddy == nullptr) break;
    take_block(buddy);
    first = Pfn{first.value & ~(1u << order)};
    ++order;
  }
  insert_block(first, order);
}

// Cuts a block that is in no list down to `order`; the upper halves go back.
Page* split(Page* head, u32 from, u32 order) {
  const Pfn first = frame_of(head);
  while (from > order) {
    --from;
    insert_block(first + (1u << from), from);
  }
  return head;
}

// Gives a whole pageblock's free blocks to another migrate type.
void claim_pageblock(Pfn frame, MigrateType type) {
  const Pfn first = pageblock_of(frame);
  Zone& zone = zone_at(zone_of(frame));
  set_pageblock_type(frame, type);
  for (u32 i = 0; i < kPageblockPages;) {
    Page* page = page_of(first + i);
    if (page->use != PageUse::kFree) {
      ++i;
      continue;
    }
    Zone::FreeList::remove(*page);
    zone.free[page->order][static_cast<u32>(type)].push_front(*page);
    i += 1u << page->order;
  }
}

// The last freed is the first taken: it is warm, and memory never touched stays so. But whole pageblocks for the kernel
// come from the other end, where the lowest addresses are: programs' pages don't mix with them there.
Page* candidate(Zone::FreeList& list, u32 order, MigrateType type) {
  return order == kMaxOrder && type == MigrateType::kUnmovable ? list.back() : list.front();
}

Page* take_of_type(Zone& zone, u32 order, MigrateType type) {
  for (u32 o = order; o <= kMaxOrder; ++o) {
    Page* head = candidate(zone.free[o][static_cast<u32>(type)], o, type);
    if (head == nullptr) continue;
    take_block(head);
    return split(head, o, order);
  }
  return nullptr;
}

// From the other type's lists, the largest block first: one big theft pollutes fewer pageblocks than many small ones.
Page* take_of_other(Zone& zone, u32 order, MigrateType type) {
  const MigrateType other = type == MigrateType::kMovable ? MigrateType::kUnmovable : MigrateType::kMovable;
  for (u32 o = kMaxOrder + 1; o-- > order;) {
    Page* head = candidate(zone.free[o][static_cast<u32>(other)], o, type);
    if (head == nullptr) continue;
    if (o + 1 >= kMaxOrder || type == MigrateType::kUnmovable) claim_pageblock(frame_of(head), type);
    take_block(head);
    return split(head, o, order);
  }
  return nullptr;
}

bool above_watermark(const Zone& zone, const PageRequest& request) {
  const u32 reserve = request.type == MigrateType::kUnmovable ? 0 : zone.watermark_min_pages;
  return zone.free_pages >= reserve + (1u << request.order);
}

Page* take_from(ZoneId id, const PageRequest& request) {
  Zone& zone = zone_at(id);
  if (!above_watermark(zone, request)) return nullptr;
  // Populating needs a page table: do it while there still are pages for one.
  if (zone.deferred_pages > 0 && zone.free_pages - zone.deferred_pages < kPopulateAheadPages)
    populate_deferred_section(id);
  do {
    if (Page* page = take_of_type(zone, request.order, request.type)) return page;
    if (Page* page = take_of_other(zone, request.order, request.type)) return page;
  } while (populate_deferred_section(id));
  return nullptr;
}

void give_use(Page* head, const PageRequest& request) {
  for (u32 i = 0; i < (1u << request.order); ++i) {
    Page* page = head + i;
    if (poison_on()) check_frame(page);
    page->use = request.use;  // every page of it, so that a report can name any frame's owner
    page->flags = 0;
    page->references = 0;
    page->map_count = 0;
    page->index = 0;
    page->owner = request.owner;
    page->private_data = 0;
    page->node = {};
  }
  head->order = static_cast<u8>(request.order);
  head->references = 1;
}

}  // namespace

Zone& zone_at(ZoneId id) { return zones[static_cast<u32>(id)]; }

const char* zone_name(ZoneId zone) {
  static const char* const names[] = {"DMA", "Normal", "HighMem", "Movable"};
  return names[static_cast<u32>(zone)];
}

MigrateType pageblock_type(Pfn frame) { return static_cast<MigrateType>(page_of(pageblock_of(frame))->migrate_type); }
void set_pageblock_type(Pfn frame, MigrateType type) {
  page_of(pageblock_of(frame))->migrate_type = static_cast<u8>(type);
}

// The kernel may use the last 1/128 of low memory (at most 4 MiB a zone) that user pages leave: page tables and slabs
// are needed to get anything freed, and to move pages.
void set_watermarks() {
  for (u32 i = 0; i < kZoneCount; ++i) {
    const bool low = (kLowZones >> i) & 1;
    const u32 share = zones[i].managed_pages / 128;
    zones[i].watermark_min_pages = !low ? 0 : share < 1024 ? share : 1024;
  }
}

u32 pages_in_use(PageUse use) { return used_pages[static_cast<u32>(use)]; }
void count_use(PageUse use, i32 pages) { used_pages[static_cast<u32>(use)] += static_cast<u32>(pages); }

Or<Page*> allocate_pages(const PageRequest& request) {
  KASSERT(request.order <= kMaxOrder);
  static constexpr ZoneId kBestFirst[] = {ZoneId::kMovable, ZoneId::kHighMem, ZoneId::kNormal, ZoneId::kDma};
  for (ZoneId id : kBestFirst) {
    if ((request.zones & zone_bit(id)) == 0) continue;
    Page* page = take_from(id, request);
    if (page == nullptr) continue;
    count_free(frame_of(page), request.order, false);
    give_use(page, request);
    count_use(request.use, 1 << request.order);
    count_events(MmEvent::kPgAlloc, 1u << request.order);
    return page;
  }
  count_event(MmEvent::kAllocFail);
  return fail(Errno::kNoMem);
}

void free_pages(Page* head, u32 order) {
  KASSERT(head->references <= 1 && head->map_count == 0 && head->use != PageUse::kFree);
  const Pfn first = frame_of(head);
  count_use(head->use, -(1 << order));
  for (u32 i = 0; i < (1u << order); ++i) {
    Page* page = head + i;
    page->use = PageUse::kTail;
    page->flags = 0;
    page->references = 0;
    page->owner = nullptr;
    if (poison_on()) poison_frame(page);
  }
  count_events(MmEvent::kPgFree, 1u << order);
  Section& section = section_of(first);
  if (section.state != SectionState::kOnline) {
    head->use = PageUse::kIsolated;
    head->order = static_cast<u8>(order);
    section.isolated_pages += 1u << order;
    return;
  }
  count_free(first, order, true);
  insert_merged(first, order);
}

void put_page(Page* page) {
  KASSERT(page->references > 0);
  if (page->references > 1) {
    --page->references;
    return;
  }
  if (page->use == PageUse::kAnonymous && page->family != nullptr) page->family->put();
  free_pages(page, 0);
}

void manage_range(Pfn first, u32 count) {
  while (count > 0) {
    u32 order = 0;
    while (order < kMaxOrder && (2u << order) <= count && (first.value & ((2u << order) - 1)) == 0) ++order;
    zone_at(zone_of(first)).managed_pages += 1u << order;
    section_of(first).managed_pages += 1u << order;
    count_free(first, order, true);
    insert_merged(first, order);
    first += 1u << order;
    count -= 1u << order;
  }
}

void isolate_free_block(Page* head) {
  const u32 order = head->order;
  take_block(head);
  count_free(frame_of(head), order, false);
  head->use = PageUse::kIsolated;
  section_of(frame_of(head)).isolated_pages += 1u << order;
}

void release_isolated_block(Page* head) {
  KASSERT(head->use == PageUse::kIsolated);
  const u32 order = head->order;
  section_of(frame_of(head)).isolated_pages -= 1u << order;
  head->use = PageUse::kTail;
  count_free(frame_of(head), order, true);
  insert_merged(frame_of(head), order);
}

void* allocate_kernel_pages(u32 order, const char* owner, Fill fill) {
  auto page = allocate_pages(
      {.zones = kLowZones, .type = MigrateType::kUnmovable, .use = PageUse::kKernel, .order = order, .owner = owner});
  if (!page) return nullptr;
  if (fill == Fill::kZero) {
    for (u32 i = 0; i < (1u << order); ++i) zero_frame(frame_of(page.value()) + i);
  }
  return low_address(frame_of(page.value()));
}

void free_kernel_pages(void* address, u32 order) { free_pages(page_of_address(address), order); }

}  // namespace ido
