// mmap, munmap, mprotect, madvise, mlock, msync and brk.
#include "lib/print.hpp"
#include "mm/backing.hpp"
#include "mm/entry.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"
#include "mm/shared_memory.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

// A whole-page size; Errno::kInval for an unaligned address, kNoMem for what can't be in user space.
Or<u32> page_range(u32 address, u32 size) {
  if (address & kPageMask) return fail(Errno::kInval);
  const u64 end = u64{address} + ((u64{size} + kPageMask) & ~u64{kPageMask});
  if (end > layout::kUserEnd) return fail(Errno::kNoMem);
  return static_cast<u32>(end - address);
}

Pte reprotected(const Area& area, Pte e) {
  u64 value = (e.value & ~(pte::kUser | pte::kNoExecute)) | protection_bits(area);
  // Private pages get their write bit back by a fault, which sees who shares them.
  if (!area.writable()) value &= ~pte::kWrite;
  return {value};
}

}  // namespace

Or<u32> Mm::map(const MapRequest& request) {
  MutexGuard guard(mutex_);
  return map_locked(request);
}

Or<u32> Mm::map_locked(const MapRequest& request) {
  if (request.size == 0) return fail(Errno::kInval);
  if (request.size > layout::kUserEnd) return fail(Errno::kNoMem);
  const u32 size = (request.size + kPageMask) & ~kPageMask;
  Area like{.protection = request.protection,
            .flags = request.flags,
            .backing = request.backing,
            .first_index = request.first_index,
            .label = request.label,
            .mm = this};
  // Obvious overcommit only: what never could fit.
  const bool takes_memory = like.backing == nullptr && like.writable();
  if (takes_memory && (size >> kPageShift) > memory_info().total_pages) return fail(Errno::kNoMem);
  like.start = TRY(place(request, size));
  like.end = like.start + size;
  Backing* made = nullptr;
  if (like.shared() && like.backing == nullptr) like.backing = made = TRY(SharedMemory::create(size));
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
  if (request.flags & area_flag::kLocked) TRY(populate(like.start, like.end));
  return like.start;
}

Or<> Mm::unmap(u32 address, u32 size) {
  MutexGuard guard(mutex_);
  if (size == 0) return fail(Errno::kInval);
  if (!page_range(address, size)) return fail(Errno::kInval);
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
  const u32 size = TRY(page_range(address, requested_size));
  TRY(check_covered(address, size));
  const u32 end = address + size;
  for (u32 at = address; at < end; at = find_area(at)->end) {
    const Area* area = find_area(at);
    if ((protection & protection::kWrite) && (area->flags & area_flag::kNoWrite)) return fail(Errno::kAcces);
  }
  TRY(split_at(address));
  TRY(split_at(end));
  for (Area* area = find_area(address); area != nullptr && area->start < end;
       area = first_area_ending_after(area->end)) {
    count_area(*area, -1);
    area->protection = protection;
    count_area(*area, 1);
    for_each_entry(*table_, area->start, area->end, [&](u32, Pte* slot) {
      if (slot->value != 0) UserPageTable::set(slot, reprotected(*area, *slot));
    });
  }
  flush_user_all(*table_);
  merge_range(address, end);
  return {};
}

Or<> Mm::discard(u32 address, u32 requested_size) {
  MutexGuard guard(mutex_);
  const u32 size = TRY(page_range(address, requested_size));
  TRY(check_covered(address, size));
  zap(address, address + size);
  return {};
}

Or<> Mm::lock(u32 address, u32 size) {
  const u32 first = address & ~kPageMask;
  MutexGuard guard(mutex_);
  return set_locked(first, size + (address - first), true);
}

Or<> Mm::unlock(u32 address, u32 size) {
  const u32 first = address & ~kPageMask;
  MutexGuard guard(mutex_);
  return set_locked(first, size + (address - first), false);
}

void Mm::unlock_all() {
  MutexGuard guard(mutex_);
  for (Area& area : areas_) {
    count_area(area, -1);
    area.flags &= static_cast<u8>(~area_flag::kLocked);
    count_area(area, 1);
  }
  merge_range(0, layout::kUserEnd);
}

Or<> Mm::set_locked(u32 address, u32 requested_size, bool locked) {
  const u32 size = TRY(page_range(address, requested_size));
  TRY(check_covered(address, size));
  const u32 end = address + size;
  TRY(split_at(address));
  TRY(split_at(end));
  for (Area* area = find_area(address); area != nullptr && area->start < end;
       area = first_area_ending_after(area->end)) {
    count_area(*area, -1);
    if (locked)
      area->flags |= area_flag::kLocked;
    else
      area->flags &= static_cast<u8>(~area_flag::kLocked);
    count_area(*area, 1);
  }
  merge_range(address, end);
  return locked ? populate(address, end) : Or<>{};
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

Or<> Mm::sync(u32 address, u32 requested_size) {
  MutexGuard guard(mutex_);
  const u32 size = TRY(page_range(address, requested_size));
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
