// The areas of an address space: finding, placing, splitting, merging.
#include "mm/area.hpp"

#include "lib/limits.hpp"
#include "lib/print.hpp"
#include "mm/backing.hpp"
#include "mm/commit.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"
#include "mm/slab.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

constinit SlabCache area_cache{"area", sizeof(Area)};

bool is_data(const Area& area) {
  return !area.shared() && area.writable() && (area.flags & area_flag::kGrowsDown) == 0;
}

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
  area->tree = {};
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
  if (is_data(area)) area.mm->counters.data_pages += pages;
  if (area.flags & area_flag::kLocked) {
    area.mm->counters.locked_pages += pages;
    locked_pages += pages;
  }
  if (area.flags & area_flag::kCommitted) committed_pages += pages;
}

Area* Mm::first_area_ending_after(u32 address) {
  if (recent_ != nullptr && recent_->contains(address)) return recent_;
  Area* area = tree_.first_ending_after(address);
  if (area != nullptr) recent_ = area;
  return area;
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
  constexpr u32 kLimits[] = {layout::kMmapBase, layout::kUserEnd};
  for (u32 limit : kLimits) {
    if (const u32 found = tree_.highest_gap(size, kLowestUserAddress, limit, kStackGuard)) return found;
  }
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

// What limits and the overcommit policy say to `pages` more of an area. The caller sets kCommitted as `like` has it.
Or<> Mm::may_grow(Area& like, u32 pages) {
  const auto over = [&](Resource resource, u32 used) {
    return u64{used + pages} << kPageShift > resource_limit(resource);
  };
  if (over(Resource::kAddressSpace, counters.mapped_pages)) return fail(Errno::kNoMem);
  if (is_data(like) && over(Resource::kData, counters.data_pages)) return fail(Errno::kNoMem);
  const bool reserved = (like.flags & area_flag::kNoReserve) == 0 || commit_policy() == CommitPolicy::kStrict;
  if (like.shared() || !like.writable() || !reserved) return {};
  TRY(may_commit(pages));
  like.flags |= area_flag::kCommitted;
  return {};
}

void Mm::insert(Area* area) {
  area->mm = this;
  Area* next = tree_.first_ending_after(area->start);
  KASSERT(next == nullptr || next->start >= area->end);
  if (next != nullptr)
    areas_.insert_before(*next, *area);
  else
    areas_.push_back(*area);
  tree_.insert(*area);
  if (area->backing != nullptr) area->backing->areas.push_back(*area);
  count_area(*area, 1);
}

void Mm::remove(Area* area) {
  count_area(*area, -1);
  if (recent_ == area) recent_ = nullptr;
  AreaList::remove(*area);
  tree_.remove(*area);
  if (area->backing != nullptr) area->backing->areas.remove(*area);
}

void Mm::resize(Area* area, u32 start, u32 end) {
  count_area(*area, -1);
  area->start = start;
  area->end = end;
  tree_.changed(*area);
  count_area(*area, 1);
}

Or<> Mm::split_at(u32 address) {
  Area* area = find_area(address);
  if (area == nullptr || area->start == address) return {};
  Area* upper = make_area(*area);
  if (upper == nullptr) return fail(Errno::kNoMem);
  upper->first_index = area->index_of(address);
  upper->start = address;
  upper->flags &= static_cast<u16>(~area_flag::kGrowsDown);  // the lower half is the end that grows
  resize(area, area->start, address);
  insert(upper);
  return {};
}

void Mm::merge_into_previous(Area* area) {
  Area* previous = AreaTree::previous(*area);
  if (previous == nullptr || !mergeable(*previous, *area)) return;
  const u32 end = area->end;
  remove(area);
  resize(previous, previous->start, end);
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
