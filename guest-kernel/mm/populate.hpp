// Making the mem_map of sections, at boot and when their first page is needed. For mm only.
//
// A section without reserved frames costs nothing until then (Section::deferred): a machine of 64 GiB boots as fast as
// one of 1 GiB, and an added DIMM takes no memory but its own. After boot a thread makes the rest (background.hpp).
#pragma once

#include "mm/init.hpp"
#include "mm/zone.hpp"

namespace ido {

// Maps and fills the mem_map of an online section from its own frames; its usable pages go to the allocator.
// Errno::kNoMem when a page table can't be had, or the mem_map doesn't fit.
Or<> populate_section(u32 index);

// Populates one deferred online section of the zone, the lowest. False when there is none or no memory for it.
bool populate_deferred_section(ZoneId zone);

// Counts a deferred section's pages as free in its zone (1), or no longer (-1).
void count_deferred_section(u32 index, i32 sign);

// At boot, once the sections are declared: the first whole section of high memory, if there is one, gives frames for
// the mem_map of all low sections, because low memory is the scarcer. It can't go offline then. Low memory never does.
void lend_high_memory();
bool mem_map_is_lent(u32 index);

// Unmaps the mem_map of an offline section and forgets it.
void depopulate_section(u32 index);

// The boot loader's map, kept for sections that are populated later.
BootMemory& boot_memory();
// The first of `ranges`, widened to whole pages, that overlaps the wanted one; nullptr when none does.
const PhysicalRange* first_overlap(const PhysicalRange& wanted, const PhysicalRange* ranges, u32 count);

// Calls visit(first, count, range) for the runs of frames of a section that a list of ranges touches (Round::kOut: also
// in part; kIn: wholly), in the list's order.
enum class Round : u8 { kIn, kOut };
template <class Visit>
void visit_ranges(u32 section, const PhysicalRange* ranges, u32 count, Round round, Visit visit) {
  const u32 section_first = section_first_frame(section).value;
  const u32 section_end = section_first + kSectionPages;
  for (u32 i = 0; i < count; ++i) {
    const u64 up = round == Round::kIn ? kPageSize - 1 : 0;
    const u64 from = (ranges[i].base + up) >> kPageShift;
    const u64 to = (ranges[i].end() + (kPageSize - 1 - up)) >> kPageShift;
    const u32 first = from < section_first ? section_first : from > section_end ? section_end : static_cast<u32>(from);
    const u32 end = to > section_end ? section_end : to < section_first ? section_first : static_cast<u32>(to);
    if (first < end) visit(Pfn{first}, end - first, ranges[i]);
  }
}

}  // namespace ido
