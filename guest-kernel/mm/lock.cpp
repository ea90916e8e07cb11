// mlock and its kin: pages that stay in memory. They may still move to another frame.
#include "lib/limits.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"

namespace ido {

// `pages` more than are locked now: what RLIMIT_MEMLOCK says.
Or<> Mm::may_lock(u32 pages) {
  const u64 limit = resource_limit(Resource::kLockedMemory);
  if (limit == 0) return fail(Errno::kPerm);
  if (u64{counters.locked_pages + pages} << kPageShift > limit) return fail(Errno::kNoMem);
  return {};
}

Or<> Mm::lock(u32 address, u32 requested_size, LockWhen when) {
  const u32 first = address & ~kPageMask;
  MutexGuard guard(mutex_);
  if (requested_size > layout::kUserEnd) return fail(Errno::kNoMem);
  const u32 size = TRY(whole_pages(first, requested_size + (address - first)));
  TRY(may_lock(size >> kPageShift));
  TRY(set_locked(first, size, area_flag::kLocked | (when == LockWhen::kTouched ? area_flag::kLockOnFault : 0)));
  if (when == LockWhen::kNow) return populate(first, first + size);
  return {};
}

Or<> Mm::unlock(u32 address, u32 requested_size) {
  const u32 first = address & ~kPageMask;
  if (requested_size > layout::kUserEnd) return fail(Errno::kNoMem);
  MutexGuard guard(mutex_);
  return set_locked(first, TRY(whole_pages(first, requested_size + (address - first))), 0);
}

Or<> Mm::set_locked(u32 address, u32 size, u16 flags) {
  TRY(check_covered(address, size));
  const u32 end = address + size;
  TRY(split_at(address));
  TRY(split_at(end));
  for (Area* area = find_area(address); area != nullptr && area->start < end; area = AreaTree::next(*area))
    mark_locked(*area, flags);
  merge_range(address, end);
  return {};
}

void Mm::mark_locked(Area& area, u16 flags) {
  count_area(area, -1);
  area.flags = static_cast<u16>((area.flags & ~(area_flag::kLocked | area_flag::kLockOnFault)) | flags);
  count_area(area, 1);
}

Or<> Mm::lock_all(LockAll what, LockWhen when) {
  MutexGuard guard(mutex_);
  const u16 flags = area_flag::kLocked | (when == LockWhen::kTouched ? area_flag::kLockOnFault : 0);
  if (what != LockAll::kFuture) TRY(may_lock(counters.mapped_pages - counters.locked_pages));
  future_flags_ = what != LockAll::kCurrent ? flags : 0;
  if (what == LockAll::kFuture) return {};
  for (Area& area : areas_) mark_locked(area, flags);
  merge_range(0, layout::kUserEnd);
  if (when == LockWhen::kTouched) return {};
  for (Area* area = areas_.front(); area != nullptr; area = AreaTree::next(*area))
    (void)populate(area->start, area->end);  // mlockall(2) reports no page that can't be made
  return {};
}

void Mm::unlock_all() {
  MutexGuard guard(mutex_);
  future_flags_ = 0;
  for (Area& area : areas_) mark_locked(area, 0);
  merge_range(0, layout::kUserEnd);
}

}  // namespace ido
