#include "mm/populate.hpp"

#include "arch/paging.hpp"
#include "lib/string.hpp"

namespace ido {
namespace {

BootMemory boot;
u32 lender;  // the section in high memory that holds the mem_map of low sections; 0: none

u32 mem_map_address(u32 index, u32 page) {
  return static_cast<u32>(reinterpret_cast<uintptr_t>(page_of(section_first_frame(index)))) + page * kPageSize;
}

// The first frame at or after `from` of a run of kMemMapPages free of what boot left; 0 when the run has no room.
u32 place_in_run(u32 from, u32 end) {
  while (from + kMemMapPages <= end) {
    const PhysicalRange wanted{u64{from} << kPageShift, u64{kMemMapPages} << kPageShift, nullptr};
    const PhysicalRange* hit = first_overlap(wanted, boot.reserved, boot.reserved_count);
    if (hit == nullptr) hit = first_overlap(wanted, boot.boot_data, boot.boot_data_count);
    if (hit == nullptr) return from;
    from = static_cast<u32>((hit->end() + kPageMask) >> kPageShift);
  }
  return 0;
}

// Where the section's mem_map goes: to the lender, or its first run of unreserved RAM that is long enough, sparing zone
// DMA if possible.
Or<Pfn> place_mem_map(u32 index) {
  if (mem_map_is_lent(index)) return section_first_frame(lender) + (1 + index) * kMemMapPages;
  if (section_at(index).origin == SectionOrigin::kHotAdded) return section_first_frame(index);
  u32 found = 0;
  static constexpr u32 kLowest[] = {kDmaFrames, 256};
  for (u32 lowest : kLowest) {
    visit_ranges(index, boot.usable, boot.usable_count, Round::kIn, [&](Pfn run, u32 count, const PhysicalRange&) {
      if (found == 0) found = place_in_run(run.value < lowest ? lowest : run.value, run.value + count);
    });
  }
  if (found == 0) return fail(Errno::kNoMem);
  return Pfn{found};
}

Or<> map_mem_map(u32 index) {
  Section& section = section_at(index);
  const u64 flags = pte::kWrite | no_execute_bit();  // not global: in 4G/4G the user has other things there
  for (u32 i = 0; i < kMemMapPages; ++i) {
    auto mapped = map_kernel(mem_map_address(index, i), section.mem_map + i, flags);
    if (mapped.ok()) continue;
    while (i-- > 0) unmap_kernel(mem_map_address(index, i));
    return fail(mapped.error());
  }
  memset(static_cast<void*>(page_of(section_first_frame(index))), 0, kMemMapPages * kPageSize);  // all pages kTail
  return {};
}

void mark(Pfn first, u32 count, PageUse use, const char* owner) {
  for (u32 i = 0; i < count; ++i) {
    Page* page = page_of(first + i);
    page->use = use;
    page->owner = owner;
  }
}

// Writes the states that differ from "inside a free block".
void mark_section(u32 index) {
  Section& section = section_at(index);
  if (section.origin == SectionOrigin::kBoot) {
    mark(section_first_frame(index), kSectionPages, PageUse::kReserved, "not memory");
    visit_ranges(index, boot.usable, boot.usable_count, Round::kIn,
                 [](Pfn first, u32 count, const PhysicalRange&) { mark(first, count, PageUse::kTail, nullptr); });
    visit_ranges(index, boot.boot_data, boot.boot_data_count, Round::kOut,
                 [](Pfn first, u32 count, const PhysicalRange& r) { mark(first, count, PageUse::kBoot, r.owner); });
    visit_ranges(index, boot.reserved, boot.reserved_count, Round::kOut,
                 [](Pfn first, u32 count, const PhysicalRange& r) { mark(first, count, PageUse::kReserved, r.owner); });
  }
  if (!mem_map_is_lent(index)) mark(section.mem_map, kMemMapPages, PageUse::kMemMap, "mem_map");
  if (index == lender) {
    mark(section.mem_map + kMemMapPages, section.mem_map_pages - kMemMapPages, PageUse::kKernel,
         "mem_map of low memory");
  }
}

// Hands each run of kTail pages to the allocator.
void hand_out(u32 index) {
  const Pfn first = section_first_frame(index);
  for (u32 i = 0; i < kSectionPages;) {
    u32 end = i;
    while (end < kSectionPages && page_of(first + end)->use == PageUse::kTail) ++end;
    if (end > i) manage_range(first + i, end - i);
    i = end + 1;
  }
}

}  // namespace

BootMemory& boot_memory() { return boot; }

bool mem_map_is_lent(u32 index) { return lender != 0 && in_low_memory(section_first_frame(index)); }

const PhysicalRange* first_overlap(const PhysicalRange& wanted, const PhysicalRange* ranges, u32 count) {
  for (u32 i = 0; i < count; ++i) {
    const u64 first = ranges[i].base & ~u64{kPageMask};
    const u64 end = (ranges[i].end() + kPageMask) & ~u64{kPageMask};
    if (first < wanted.end() && wanted.base < end) return &ranges[i];
  }
  return nullptr;
}

Or<> populate_section(u32 index) {
  Section& section = section_at(index);
  section.mem_map = TRY(place_mem_map(index));
  TRY(map_mem_map(index));
  const bool whole = section.deferred;  // all of it is RAM that nobody uses
  if (whole) count_deferred_section(index, -1);
  section.deferred = false;
  if (!whole)
    mark_section(index);
  else if (!mem_map_is_lent(index))
    mark(section.mem_map, kMemMapPages, PageUse::kMemMap, "mem_map");
  for (u32 i = 0; i < kSectionPages; i += kPageblockPages) {
    set_pageblock_type(section_first_frame(index) + i, MigrateType::kMovable);
  }
  count_use(PageUse::kMemMap, static_cast<i32>(kMemMapPages));
  const Pfn first = section_first_frame(index);
  if (!whole)
    hand_out(index);
  else if (mem_map_is_lent(index))
    manage_range(first, kSectionPages);
  else {
    manage_range(first, section.mem_map - first);
    manage_range(section.mem_map + kMemMapPages, kSectionPages - (section.mem_map - first) - kMemMapPages);
  }
  return {};
}

void count_deferred_section(u32 index, i32 sign) {
  Section& section = section_at(index);
  Zone& zone = zone_at(section.zone);
  const u32 pages = static_cast<u32>(sign) * (kSectionPages - section.mem_map_pages);
  section.free_pages += pages;
  section.managed_pages += pages;
  zone.free_pages += pages;
  zone.managed_pages += pages;
  zone.deferred_pages += pages;
}

void lend_high_memory() {
  u32 low = 0;
  while (low < section_limit() && in_low_memory(section_first_frame(low))) ++low;
  for (u32 i = low; i < section_limit() && lender == 0; ++i) {
    if (section_at(i).deferred) lender = i;  // deferred: all of it is RAM that nobody uses
  }
  if (lender == 0) return;
  for (u32 i = 0; i < low; ++i) section_at(i).mem_map_pages = 0;
  section_at(lender).mem_map_pages = static_cast<u16>((1 + low) * kMemMapPages);
  section_at(lender).deferred = false;
}

bool populate_deferred_section(ZoneId zone) {
  static bool busy;  // a page table for one mem_map must not ask for another
  if (busy || zone_at(zone).deferred_pages == 0) return false;
  const u32 count = section_count();
  for (u32 i = 0; i < count; ++i) {
    const Section& section = section_at(i);
    if (!section.deferred || section.zone != zone || section.state != SectionState::kOnline) continue;
    busy = true;
    const bool populated = populate_section(i).ok();
    busy = false;
    return populated;
  }
  return false;
}

void depopulate_section(u32 index) {
  Section& section = section_at(index);
  if (!section.deferred && section.state != SectionState::kAbsent) {
    for (u32 i = 0; i < kMemMapPages; ++i) unmap_kernel(mem_map_address(index, i));
    count_use(PageUse::kMemMap, -static_cast<i32>(kMemMapPages));
  }
  section = Section{};
}

}  // namespace ido
