// Page faults: demand-zero, file pages, copy-on-write, stack growth, and waiting for pages that are on the move.
#include "arch/kmap.hpp"
#include "lib/limits.hpp"
#include "lib/process.hpp"
#include "mm/backing.hpp"
#include "mm/entry.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"
#include "mm/page_lock.hpp"
#include "mm/rmap.hpp"
#include "mm/shrinker.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

bool permits(const Area& area, FaultAccess access) {
  switch (access) {
    case FaultAccess::kWrite: return area.writable();
    case FaultAccess::kExecute: return (area.protection & protection::kExecute) != 0;
    case FaultAccess::kRead: return area.protection != protection::kNone;
  }
  return false;
}

// A new page of the family, with the one reference that its entry will hold. nullptr when there is no memory.
Page* make_anonymous_page(Mm& mm, u32 address) {
  auto page = allocate_pages({.use = PageUse::kAnonymous});
  if (!page) return nullptr;
  page.value()->family = mm.family;
  page.value()->index = address >> kPageShift;
  page.value()->flags = page_flag::kUpToDate;
  mm.family->get();
  return page.value();
}

void map_anonymous(Mm& mm, const Area& area, u32 address, Pte* slot, Page* page) {
  add_mapping(page);
  ++mm.counters.anonymous_pages;
  UserPageTable::set(slot,
                     user_entry(area, frame_of(page), area.writable() ? Writable::kYes : Writable::kNo, kAnonymousBit));
  flush_user_page(mm.table(), address);
}

constexpr u32 kReclaimObjects = 512;  // asked of the caches at a time

u64 page_count(u64 bytes) { return (bytes + kPageMask) >> kPageShift; }

}  // namespace

FaultResult Mm::handle_fault(u32 address, FaultAccess access) {
  count_event(MmEvent::kPgFault);
  ++counters.minor_faults;
  for (;;) {
    {
      MutexGuard guard(mutex_);
      const FaultResult result = fault_locked(address & ~kPageMask, access);
      if (result != FaultResult::kNoMemory) return result;
    }
    // Without the lock, which who is to end may need. Caches go first.
    if (shrink_caches(kReclaimObjects) == 0 && !make_room_by_killing()) return FaultResult::kNoMemory;
  }
}

FaultResult Mm::fault_locked(u32 address, FaultAccess access) {
  if (address >= layout::kUserEnd) return FaultResult::kSegv;
  Area* area = find_area(address);
  if (area == nullptr) area = grow_stack(address);
  if (area == nullptr) return FaultResult::kSegv;
  if (!permits(*area, access)) return FaultResult::kProtection;
  for (;;) {
    // The mutex is held over all waits here, so the area and the table stay.
    Pte* slot = table_->entry(address, true);
    if (slot == nullptr) return FaultResult::kNoMemory;
    const Pte entry = *slot;
    if (is_migration_entry(entry)) {
      count_event(MmEvent::kMigrateWait);
      count_event(MmEvent::kPgMajFault);
      ++counters.major_faults;
      wait_for_any_page();
      continue;
    }
    if (!entry.present()) return make_present(*area, address, slot, access);
    if (access == FaultAccess::kWrite && !is_writable(entry)) return break_sharing(*area, address, slot);
    flush_user_page(*table_, address);  // somebody made it present meanwhile
    return FaultResult::kDone;
  }
}

// A stack grows by faults below it, up to its limit, and keeps a guard distance from what is below.
Area* Mm::grow_stack(u32 address) {
  Area* area = first_area_ending_after(address);
  if (area == nullptr || (area->flags & area_flag::kGrowsDown) == 0) return nullptr;
  if (area->end - address > resource_limit(Resource::kStack) || address < kLowestUserAddress + kStackGuard)
    return nullptr;
  if (!range_free(address - kStackGuard, kStackGuard)) return nullptr;
  const u32 pages = (area->start - address) >> kPageShift;
  if (!may_grow(*area, pages)) return nullptr;
  area->first_index -= pages;
  resize(area, address, area->end);
  return area;
}

FaultResult Mm::make_present(Area& area, u32 address, Pte* slot, FaultAccess access) {
  if (area.backing != nullptr) return map_file_page(area, address, slot, access);
  if (access != FaultAccess::kWrite) {
    const Pfn zero = zero_frame_shared();
    if (zero.value == 0) return FaultResult::kNoMemory;
    UserPageTable::set(slot, user_entry(area, zero, Writable::kNo, kZeroPageBit));
    flush_user_page(*table_, address);
    return FaultResult::kDone;
  }
  Page* page = make_anonymous_page(*this, address);
  if (page == nullptr) return FaultResult::kNoMemory;
  zero_frame(frame_of(page));
  map_anonymous(*this, area, address, slot, page);
  return FaultResult::kDone;
}

FaultResult Mm::map_file_page(Area& area, u32 address, Pte* slot, FaultAccess access) {
  const u32 index = area.index_of(address);
  if (index >= page_count(area.backing->size_bytes())) return FaultResult::kBus;
  auto fetched = area.backing->fetch_page(index);  // may sleep
  if (!fetched) return fetched.error() == Errno::kNoMem ? FaultResult::kNoMemory : FaultResult::kBus;
  Page* page = fetched.value();
  // From here on nothing sleeps. A truncation or a migration may have been faster, while the read slept.
  if (page->backing != area.backing || page_locked(page) || slot->value != 0) {
    put_page(page);
    return FaultResult::kDone;  // the instruction faults again and finds out
  }
  const bool write = access == FaultAccess::kWrite;
  if (write && !area.shared()) {
    Page* copy = make_anonymous_page(*this, address);
    if (copy != nullptr) {
      copy_frame(frame_of(copy), frame_of(page));
      map_anonymous(*this, area, address, slot, copy);
    }
    put_page(page);
    return copy == nullptr ? FaultResult::kNoMemory : FaultResult::kDone;
  }
  const bool writable = area.shared() && area.writable();
  add_mapping(page);  // the entry takes the reference over
  ++counters.file_pages;
  Pte entry = user_entry(area, frame_of(page), writable ? Writable::kYes : Writable::kNo, 0);
  if (!write) entry.value &= ~pte::kDirty;
  UserPageTable::set(slot, entry);
  flush_user_page(*table_, address);
  return FaultResult::kDone;
}

// A write to a present page without write permission in its entry, in an area that may be written.
FaultResult Mm::break_sharing(Area& area, u32 address, Pte* slot) {
  const Pte entry = *slot;
  Page* old = is_zero_page(entry) ? nullptr : page_of(entry.frame());
  const bool alone = old != nullptr && is_anonymous(entry) && old->map_count == 1 && old->references == 1;
  if (area.shared() || alone) {
    count_event(MmEvent::kCowReuse);
    UserPageTable::set(slot, {entry.value | pte::kWrite | pte::kDirty | pte::kAccessed});
    flush_user_page(*table_, address);
    return FaultResult::kDone;
  }
  Page* page = make_anonymous_page(*this, address);
  if (page == nullptr) return FaultResult::kNoMemory;
  if (old == nullptr) {
    zero_frame(frame_of(page));
  } else {
    count_event(MmEvent::kCowCopy);
    copy_frame(frame_of(page), frame_of(old));
    --(is_anonymous(entry) ? counters.anonymous_pages : counters.file_pages);
    drop_mapping(old);
  }
  map_anonymous(*this, area, address, slot, page);
  return FaultResult::kDone;
}

}  // namespace ido
