// mremap: growing, shrinking and moving a mapping.
#include "arch/kmap.hpp"
#include "mm/backing.hpp"
#include "mm/entry.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"
#include "mm/page_lock.hpp"
#include "mm/rmap.hpp"

namespace ido {

Or<u32> Mm::remap(u32 address, u32 old_requested, u32 new_requested, Move move, u32 new_address) {
  MutexGuard guard(mutex_);
  if ((address & kPageMask) != 0 || new_requested == 0) return fail(Errno::kInval);
  if (old_requested > layout::kUserEnd || new_requested > layout::kUserEnd) return fail(Errno::kInval);
  const u32 old_size = (old_requested + kPageMask) & ~kPageMask;
  const u32 new_size = (new_requested + kPageMask) & ~kPageMask;
  if (move == Move::kMayAndKeep && old_size != new_size) return fail(Errno::kInval);
  Area* area = find_area(address);
  if (area == nullptr) return fail(Errno::kFault);
  // An old size of 0 maps the pages of a shared area a second time.
  if (old_size == 0 && (!area->shared() || move == Move::kNo)) return fail(Errno::kInval);
  if (area->end - address < old_size) return fail(Errno::kFault);
  if (move == Move::kFixed || (move == Move::kMayAndKeep && new_address != 0)) {
    if ((new_address & kPageMask) != 0) return fail(Errno::kInval);
    if (new_address < address + old_size && address < u64{new_address} + new_size) return fail(Errno::kInval);
    return move_mapping(area, address, old_size, new_size, move, new_address);
  }
  if (old_size > 0 && new_size <= old_size && move != Move::kMayAndKeep) {
    if (new_size < old_size) TRY(unmap_locked(address + new_size, old_size - new_size));
    return address;
  }
  const u32 end = address + old_size;
  if (old_size > 0 && new_size > old_size && area->end == end) {
    const u32 more = new_size - old_size;
    if (layout::kUserEnd - end >= more && range_free(end, more)) return grow_in_place(area, address, more);
  }
  if (move == Move::kNo) return fail(Errno::kNoMem);
  return move_mapping(area, address, old_size, new_size, move, TRY(find_gap(new_size)));
}

Or<u32> Mm::grow_in_place(Area* area, u32 address, u32 more) {
  const u32 end = area->end;
  const bool locked = (area->flags & (area_flag::kLocked | area_flag::kLockOnFault)) == area_flag::kLocked;
  if ((area->flags & area_flag::kLocked) && !may_lock(more >> kPageShift)) return fail(Errno::kAgain);
  TRY(may_grow(*area, more >> kPageShift));
  resize(area, area->start, end + more);
  merge_range(end, end + more);
  if (locked) (void)populate(end, end + more);
  return address;
}

// Makes the new area, carries the entries over, unmaps the old one. Locks come last: a locked area would be filled at
// once, and what moves needs the place.
Or<u32> Mm::move_mapping(Area* area, u32 address, u32 old_size, u32 new_size, Move move, u32 new_address) {
  constexpr u16 kLocks = area_flag::kLocked | area_flag::kLockOnFault;
  const u16 locks = area->flags & kLocks;
  MapRequest request{.address = new_address,
                     .size = new_size,
                     .protection = area->protection,
                     .flags = static_cast<u16>(area->flags & ~(area_flag::kGrowsDown | area_flag::kCommitted | kLocks)),
                     .placement = Placement::kFixed,
                     .backing = area->backing,
                     .first_index = area->index_of(address),
                     .label = area->label};
  TRY(make_mapping(request));
  const u32 carried = old_size < new_size ? old_size : new_size;
  auto moved = move_entries(address, new_address, carried);
  if (!moved) {  // what moved goes back; that needs no memory, as pages and tables are there
    (void)move_entries(new_address, address, carried);
    TRY(unmap_locked(new_address, new_size));
    return fail(moved.error());
  }
  if (move != Move::kMayAndKeep && old_size > 0) TRY(unmap_locked(address, old_size));
  if (locks != 0) {
    TRY(set_locked(new_address, new_size, locks));
    if (locks == area_flag::kLocked) (void)populate(new_address, new_address + new_size);
  }
  return new_address;
}

Or<> Mm::move_entries(u32 from, u32 to, u32 size) {
  for (u32 at = 0; at < size; at += kPageSize) {
    Pte* source = table_->entry(from + at, false);
    while (source != nullptr && is_migration_entry(*source)) wait_for_any_page();
    if (source == nullptr || source->value == 0) continue;
    TRY(move_entry(source, to + at));
  }
  flush_user_all(*table_);
  return {};
}

// An anonymous page is found by its address in all of its family. If this address space alone maps it, the page takes
// its new address; if others share it, this one gets a copy of its own.
Or<> Mm::move_entry(Pte* from, u32 to_address) {
  Pte* to = table_->entry(to_address, true);
  if (to == nullptr) return fail(Errno::kNoMem);
  Pte entry = *from;
  Page* page = is_anonymous(entry) ? page_of(entry.frame()) : nullptr;
  if (page != nullptr && page->map_count > 1) {
    Page* copy = TRY(allocate_pages({.use = PageUse::kAnonymous}));
    copy->family = family;
    family->get();
    copy->index = to_address >> kPageShift;
    copy->flags = page_flag::kUpToDate;
    copy_frame(frame_of(copy), frame_of(page));
    add_mapping(copy);
    entry = with_frame(entry, frame_of(copy));
    UserPageTable::set(from, {});
    drop_mapping(page);
  } else {
    if (page != nullptr) page->index = to_address >> kPageShift;
    UserPageTable::set(from, {});
  }
  UserPageTable::set(to, entry);
  return {};
}

}  // namespace ido
