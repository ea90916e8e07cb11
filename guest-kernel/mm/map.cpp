// mmap, munmap, mprotect, msync and brk.
#include "lib/print.hpp"
#include "mm/backing.hpp"
#include "mm/commit.hpp"
#include "mm/entry.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"
#include "mm/shared_memory.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

Pte reprotected(const Area& area, Pte e) {
  u64 value = (e.value & ~(pte::kUser | pte::kNoExecute)) | protection_bits(area);
  // Private pages get their write bit back by a fault, which sees who shares them.
  if (!area.writable()) value &= ~pte::kWrite;
  return {value};
}

}  // namespace

// A whole-page size; Errno::kInval for an unaligned address, kNoMem for what can't be in user space.
Or<u32> Mm::whole_pages(u32 address, u32 size) {
  if (address & kPageMask) return fail(Errno::kInval);
  const u64 end = u64{address} + ((u64{size} + kPageMask) & ~u64{kPageMask});
  if (end > layout::kUserEnd) return fail(Errno::kNoMem);
  return static_cast<u32>(end - address);
}

Or<u32> Mm::map(const MapRequest& request) {
  MutexGuard guard(mutex_);
  return map_locked(request);
}

Or<u32> Mm::map_locked(const MapRequest& request) {
  MapRequest wanted = request;
  wanted.flags |= future_flags_;
  const u16 locks = wanted.flags & (area_flag::kLocked | area_flag::kLockOnFault);
  if (locks != 0 && !may_lock(((request.size - 1) >> kPageShift) + 1)) return fail(Errno::kAgain);
  const u32 start = TRY(make_mapping(wanted));
  const u32 size = (request.size + kPageMask) & ~kPageMask;
  // What can't be made now is made, or missed, at its first touch.
  if (locks == area_flag::kLocked) (void)populate(start, start + size);
  return start;
}

Or<u32> Mm::make_mapping(const MapRequest& request) {
  if (request.size == 0) return fail(Errno::kInval);
  if (request.size > layout::kUserEnd) return fail(Errno::kNoMem);
  const u32 size = (request.size + kPageMask) & ~kPageMask;
  Area like{.protection = request.protection,
            .flags = request.flags,
            .backing = request.backing,
            .first_index = request.first_index,
            .label = request.label,
            .mm = this};
  like.start = TRY(place(request, size));
  like.end = like.start + size;
  TRY(may_grow(like, size >> kPageShift));
  SharedMemory* made = nullptr;
  if (like.shared() && like.backing == nullptr) {
    const bool reserved = (like.flags & area_flag::kNoReserve) == 0;
    like.backing = made = TRY(SharedMemory::create(size, reserved ? Reserve::kYes : Reserve::kNo));
  }
  if (like.backing == nullptr) like.first_index = like.start >> kPageShift;
  Area* area = make_area(like);
  if (made != nullptr) made->release();  // the area holds it
  if (area == nullptr) return fail(Errno::kNoMem);
  if (request.placement == Placement::kFixed) {
    if (auto unmapped = unmap_locked(like.start, size); !unmapped) {
      free_area(area);
      return fail(unmapped.error());
    }
  }
  insert(area);
  merge_range(like.start, like.end);
  return like.start;
}

Or<> Mm::unmap(u32 address, u32 size) {
  MutexGuard guard(mutex_);
  if (size == 0) return fail(Errno::kInval);
  if (!whole_pages(address, size)) return fail(Errno::kInval);
  return unmap_locked(address, (size + kPageMask) & ~kPageMask);
}

Or<> Mm::unmap_locked(u32 address, u32 size) {
  const u32 end = address + size;
  TRY(split_at(address));
  TRY(split_at(end));
  bool any = false;
  while (Area* area = first_area_ending_after(address)) {
    if (area->start >= end) break;
    zap(area->start, area->end);
    remove(area);
    free_area(area);
    any = true;
  }
  if (any) table_->trim(address, end);
  return {};
}

Or<> Mm::check_covered(u32 address, u32 size) {
  for (u32 at = address; at < address + size;) {
    Area* area = find_area(at);
    if (area == nullptr) return fail(Errno::kNoMem);
    at = area->end;
  }
  return {};
}

Or<> Mm::protect(u32 address, u32 requested_size, u8 protection) {
  MutexGuard guard(mutex_);
  const u32 size = TRY(whole_pages(address, requested_size));
  TRY(check_covered(address, size));
  const u32 end = address + size;
  for (u32 at = address; at < end; at = find_area(at)->end) {
    const Area* area = find_area(at);
    if ((protection & protection::kWrite) && (area->flags & area_flag::kNoWrite)) return fail(Errno::kAcces);
  }
  u32 promised = 0;  // what becomes writable and was not so far
  const bool strict = commit_policy() == CommitPolicy::kStrict;
  const auto newly_committed = [&](const Area& area) {
    return (protection & protection::kWrite) && !area.shared() && (area.flags & area_flag::kCommitted) == 0 &&
           (strict || (area.flags & area_flag::kNoReserve) == 0);
  };
  for (u32 at = address; at < end; at = find_area(at)->end) {
    const Area* area = find_area(at);
    const u32 to = area->end < end ? area->end : end;
    if (newly_committed(*area)) promised += (to - at) >> kPageShift;
  }
  if (promised > 0) TRY(may_commit(promised));
  TRY(split_at(address));
  TRY(split_at(end));
  for (Area* area = find_area(address); area != nullptr && area->start < end;
       area = first_area_ending_after(area->end)) {
    const bool commits = newly_committed(*area);
    count_area(*area, -1);
    area->protection = protection;
    if (commits) area->flags |= area_flag::kCommitted;
    count_area(*area, 1);
    for_each_entry(*table_, area->start, area->end, [&](u32, Pte* slot) {
      if (slot->value != 0) UserPageTable::set(slot, reprotected(*area, *slot));
    });
  }
  flush_user_all(*table_);
  merge_range(address, end);
  return {};
}

// Faults pages in, writable ones for writing, so that later accesses don't fault.
Or<> Mm::populate(u32 from, u32 to) {
  for (u32 at = from; at < to; at += kPageSize) {
    const Area* area = find_area(at);
    if (area == nullptr || area->protection == protection::kNone) continue;
    const auto result = fault_locked(at, area->writable() ? FaultAccess::kWrite : FaultAccess::kRead);
    if (result == FaultResult::kNoMemory) return fail(Errno::kNoMem);
    if (result == FaultResult::kBus) return fail(Errno::kAgain);
  }
  return {};
}

Or<> Mm::populate(u32 from, u32 to, FaultAccess access) {
  for (u32 at = from; at < to; at += kPageSize) {
    switch (fault_locked(at, access)) {
      case FaultResult::kDone: break;
      case FaultResult::kNoMemory: return fail(Errno::kNoMem);
      case FaultResult::kBus: return fail(Errno::kFault);
      default: return fail(Errno::kInval);
    }
  }
  return {};
}

Or<> Mm::sync(u32 address, u32 requested_size) {
  MutexGuard guard(mutex_);
  const u32 size = TRY(whole_pages(address, requested_size));
  TRY(check_covered(address, size));
  const u32 end = address + size;
  for (Area* area = find_area(address); area != nullptr && area->start < end;
       area = first_area_ending_after(area->end)) {
    if (!area->shared() || area->backing == nullptr) continue;
    const u32 from = area->start > address ? area->start : address;
    const u32 to = area->end < end ? area->end : end;
    for (u32 at = from; at < to; at += kPageSize) {
      Page* page = area->backing->find_page(area->index_of(at));
      if (page == nullptr) continue;
      Pte* slot = table_->entry(at, false);
      if (slot != nullptr && slot->present() && (slot->value & pte::kDirty)) {
        UserPageTable::set(slot, {slot->value & ~pte::kDirty});
        flush_user_page(*table_, at);
        Backing::mark_dirty(page);
      }
      const bool dirty = (page->flags & page_flag::kDirty) != 0;
      page->flags &= static_cast<u8>(~page_flag::kDirty);
      auto written = dirty ? area->backing->write_page(page) : Or<>{};
      put_page(page);
      if (!written) return written;
    }
  }
  return {};
}

u32 Mm::set_break(u32 address) {
  MutexGuard guard(mutex_);
  if (address < break_start_) return break_;
  const u32 old_end = (break_ + kPageMask) & ~kPageMask;
  const u64 wanted_end = (u64{address} + kPageMask) & ~u64{kPageMask};
  if (wanted_end > layout::kUserEnd) return break_;
  const u32 new_end = static_cast<u32>(wanted_end);
  if (new_end > old_end) {
    auto mapped = map_locked({.address = old_end,
                              .size = new_end - old_end,
                              .protection = protection::kRead | protection::kWrite,
                              .placement = Placement::kFixedFree,
                              .label = "[heap]"});
    if (!mapped) return break_;
  } else if (new_end < old_end && !unmap_locked(new_end, old_end - new_end)) {
    return break_;
  }
  return break_ = address;
}

}  // namespace ido
