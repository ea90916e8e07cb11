// madvise and mincore: what programs tell of their use of memory, and ask about it.
#include "mm/backing.hpp"
#include "mm/entry.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"

namespace ido {
namespace {

// What Linux refuses with EINVAL, by advice.
bool fits(const Area& area, Advice advice) {
  const bool locked = (area.flags & area_flag::kLocked) != 0;
  const bool anonymous = area.backing == nullptr;
  switch (advice) {
    case Advice::kDontNeed: return !locked;
    case Advice::kFree: return !locked && anonymous;
    case Advice::kRemove: return !locked && !anonymous && area.shared();
    case Advice::kWipeOnFork: return anonymous && !area.shared();
    default: return true;
  }
}

}  // namespace

Or<> Mm::set_area_flag(Area* area, u32 from, u32 to, u16 flag, bool on) {
  if (((area->flags & flag) != 0) == on) return {};
  TRY(split_at(from));
  TRY(split_at(to));
  area = find_area(from);
  if (on)
    area->flags |= flag;
  else
    area->flags &= static_cast<u16>(~flag);
  merge_range(from, to);
  return {};
}

Or<> Mm::advise_part(Area* area, u32 from, u32 to, Advice advice) {
  if (!fits(*area, advice)) return fail(Errno::kInval);
  switch (advice) {
    case Advice::kDontNeed:
    case Advice::kFree:  // to lose the contents at once is permitted: they may go at any time
      zap(from, to);
      return {};
    case Advice::kRemove:
      if (area->flags & area_flag::kNoWrite) return fail(Errno::kAcces);
      area->backing->drop_pages(area->index_of(from), area->index_of(to));
      return {};
    case Advice::kWillNeed:
      for (u32 i = area->index_of(from); area->backing != nullptr && i < area->index_of(to); ++i) {
        if (u64{i} << kPageShift >= area->backing->size_bytes()) break;
        auto page = area->backing->fetch_page(i);
        if (!page) break;  // advice: it is the program's loss only
        put_page(*page);
      }
      return {};
    case Advice::kDontFork: return set_area_flag(area, from, to, area_flag::kDontFork, true);
    case Advice::kDoFork: return set_area_flag(area, from, to, area_flag::kDontFork, false);
    case Advice::kWipeOnFork: return set_area_flag(area, from, to, area_flag::kWipeOnFork, true);
    case Advice::kKeepOnFork: return set_area_flag(area, from, to, area_flag::kWipeOnFork, false);
    case Advice::kPopulateRead: return populate(from, to, FaultAccess::kRead);
    case Advice::kPopulateWrite: return populate(from, to, FaultAccess::kWrite);
    case Advice::kNothing: return {};
  }
  return {};
}

// Goes on over holes and reports them at the end, as Linux does.
Or<> Mm::advise(u32 address, u32 requested_size, Advice advice) {
  MutexGuard guard(mutex_);
  const u32 size = TRY(whole_pages(address, requested_size));
  const u32 end = address + size;
  bool hole = false;
  for (u32 at = address; at < end;) {
    Area* area = first_area_ending_after(at);
    if (area == nullptr || area->start >= end) {
      hole = true;
      break;
    }
    if (area->start > at) {
      hole = true;
      at = area->start;
    }
    const u32 to = area->end < end ? area->end : end;
    TRY(advise_part(area, at, to, advice));
    at = to;
  }
  if (hole) return fail(Errno::kNoMem);
  return {};
}

Or<> Mm::residency(u32 address, u32 pages, u8* resident) {
  MutexGuard guard(mutex_);
  const u32 size = TRY(whole_pages(address, pages << kPageShift));
  TRY(check_covered(address, size));
  for (u32 i = 0; i < pages; ++i) {
    const u32 at = address + (i << kPageShift);
    const Pte* slot = table_->entry(at, false);
    const bool mapped = slot != nullptr && slot->value != 0;
    const Area* area = find_area(at);
    resident[i] = mapped || (area->backing != nullptr && area->backing->has_page(area->index_of(at))) ? 1 : 0;
  }
  return {};
}

}  // namespace ido
