// The areas of an address space: finding, placing, splitting, merging.
#include "mm/area.hpp"

#include "lib/print.hpp"
#include "mm/backing.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"
#include "mm/slab.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

constinit SlabCache area_cache{"area", sizeof(Area)};

bool committed(const Area& area) { return !area.shared() && area.writable(); }

bool mergeable(const Area& a, const Area& b) {
  return a.end == b.start && a.protection == b.protection && a.flags == b.flags && a.backing == b.backing &&
         a.label == b.label && (a.flags & area_flag::kGrowsDown) == 0 && a.index_of(a.end) == b.first_index;
}

}  // namespace

Area* make_area(const Area& like) {
  void* memory = area_cache.allocate();
  if (memory == nullptr) return nullptr;
  Area* area = new (memory) Area(like);
  area->node = {};
  area->backing_node = {};
  if (area->backing != nullptr) area->backing->hold();
  return area;
}

void free_area(Area* area) {
  if (area->backing != nullptr) area->backing->release();
  area_cache.release(area);
}

void count_area(Area& area, i32 sign) {
  const u32 pages = static_cast<u32>(sign) * (area.size() >> kPageShift);
  area.mm->counters.mapped_pages += pages;
  if (area.flags & area_flag::kLocked) {
    area.mm->counters.locked_pages += pages;
    locked_pages += pages;
  }
  if (committed(area)) committed_pages += pages;
}

Area* Mm::first_area_ending_after(u32 address) {
  for (Area& area : areas_) {
    if (area.end > address) return &area;
  }
  return nullptr;
}

Area* Mm::find_area(u32 address) {
  Area* area = first_area_ending_after(address);
  return area != nullptr && area->start <= address ? area : nullptr;
}

bool Mm::range_free(u32 address, u32 size) {
  Area* area = first_area_ending_after(address);
  return area == nullptr || area->start >= address + size;
}

// The highest gap below kMmapBase; above it only when there is none.
Or<u32> Mm::find_gap(u32 size) {
  u32 gap_start = kLowestUserAddress, below = 0, above = 0;
  auto consider = [&](u32 from, u32 to) {
    const u32 low_end = to < layout::kMmapBase ? to : layout::kMmapBase;
    if (from < low_end && low_end - from >= size) below = low_end - size;
    if (to > from && to - from >= size) above = to - size;
  };
  for (Area& area : areas_) {
    const u32 guard = (area.flags & area_flag::kGrowsDown) ? kStackGuard : 0;
    consider(gap_start, area.start > guard ? area.start - guard : 0);
    gap_start = area.end;
  }
  consider(gap_start, layout::kUserEnd);
  if (below != 0) return below;
  if (above != 0) return above;
  return fail(Errno::kNoMem);
}

Or<u32> Mm::place(const MapRequest& request, u32 size) {
  const u32 hint = request.address & ~kPageMask;
  const bool fits = hint >= kLowestUserAddress && hint < layout::kUserEnd && layout::kUserEnd - hint >= size;
  if (request.placement == Placement::kAnywhere) {
    if (fits && range_free(hint, size)) return hint;
    return find_gap(size);
  }
  if (request.address != hint) return fail(Errno::kInval);
  if (hint < kLowestUserAddress) return fail(Errno::kPerm);
  if (!fits) return fail(Errno::kNoMem);
  if (request.placement == Placement::kFixedFree && !range_free(hint, size)) return fail(Errno::kExist);
  return hint;
}

void Mm::insert(Area* area) {
  area->mm = this;
  Area* next = first_area_ending_after(area->start);
  KASSERT(next == nullptr || next->start >= area->end);
  if (next != nullptr)
    areas_.insert_before(*next, *area);
  else
    areas_.push_back(*area);
  if (area->backing != nullptr) area->backing->areas.push_back(*area);
  count_area(*area, 1);
}

void Mm::remove(Area* area) {
  count_area(*area, -1);
  AreaList::remove(*area);
  if (area->backing != nullptr) area->backing->areas.remove(*area);
}

Or<> Mm::split_at(u32 address) {
  Area* area = find_area(address);
  if (area == nullptr || area->start == address) return {};
  Area* upper = make_area(*area);
  if (upper == nullptr) return fail(Errno::kNoMem);
  upper->first_index = area->index_of(address);
  upper->start = address;
  upper->flags &= static_cast<u8>(~area_flag::kGrowsDown);  // the lower half is the end that grows
  count_area(*area, -1);
  area->end = address;
  count_area(*area, 1);
  insert(upper);
  return {};
}

void Mm::merge_into_previous(Area* area) {
  Area* previous = area->start > 0 ? find_area(area->start - 1) : nullptr;
  if (previous == nullptr || !mergeable(*previous, *area)) return;
  remove(area);
  count_area(*previous, -1);
  previous->end = area->end;
  count_area(*previous, 1);
  free_area(area);
}

void Mm::merge_range(u32 from, u32 to) {
  for (Area* area = first_area_ending_after(from); area != nullptr && area->start <= to;) {
    const u32 end = area->end;
    merge_into_previous(area);
    area = first_area_ending_after(end);
  }
}

}  // namespace ido
