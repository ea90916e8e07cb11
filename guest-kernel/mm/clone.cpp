// fork: the child gets the same areas, and entries that name the same frames. Private pages lose their write bit in
// both and are copied by whoever writes first (fault.cpp).
#include "mm/backing.hpp"
#include "mm/commit.hpp"
#include "mm/entry.hpp"
#include "mm/limits.hpp"
#include "mm/mm.hpp"
#include "mm/rmap.hpp"

namespace ido {

Or<Mm*> Mm::clone() {
  Mm* child = TRY(create());
  MutexGuard guard(mutex_);
  // The child joins the parent's family: a page it shares is found by the parent's family.
  child->family->members.remove(*child);
  child->family->put();
  child->family = family;
  family->get();
  family->members.push_back(*child);
  auto copied = copy_areas_to(*child);
  flush_user_all(*table_);
  if (!copied) {
    child->put();
    return fail(copied.error());
  }
  child->break_start_ = break_start_;
  child->break_ = break_;
  child->argument_start = argument_start;
  child->argument_end = argument_end;
  child->environment_start = environment_start;
  child->environment_end = environment_end;
  child->auxiliary_start = auxiliary_start;
  child->auxiliary_end = auxiliary_end;
  child->stack_start = stack_start;
  child->code_start = code_start;
  child->code_end = code_end;
  return child;
}

Or<> Mm::copy_areas_to(Mm& child) {
  for (Area& area : areas_) {
    if (area.flags & area_flag::kDontFork) continue;
    if (area.flags & area_flag::kCommitted) TRY(may_commit(area.size() >> kPageShift));
    Area* copy = make_area(area);
    if (copy == nullptr) return fail(Errno::kNoMem);
    // Memory locks are not inherited (mlock(2)).
    copy->flags &= static_cast<u16>(~(area_flag::kLocked | area_flag::kLockOnFault));
    child.insert(copy);
    if ((area.flags & area_flag::kWipeOnFork) == 0) TRY(copy_entries_to(child, area));
  }
  return {};
}

Or<> Mm::copy_entries_to(Mm& child, const Area& area) {
  bool failed = false;
  for_each_entry(*table_, area.start, area.end, [&](u32 address, Pte* slot) {
    if (slot->value == 0 || failed) return;
    // Shared files are cheap to map again by faults, and so are clean private ones.
    if (!is_anonymous(*slot) && !is_zero_page(*slot)) return;
    Pte* to = child.table_->entry(address, true);
    if (to == nullptr) {
      failed = true;
      return;
    }
    const Pte entry{slot->value & ~pte::kWrite};
    UserPageTable::set(slot, entry);
    UserPageTable::set(to, entry);
    if (is_zero_page(entry)) return;
    ++child.counters.anonymous_pages;
    if (!entry.present()) return;
    Page* page = page_of(entry.frame());
    get_page(page);
    add_mapping(page);
  });
  if (failed) return fail(Errno::kNoMem);
  return {};
}

}  // namespace ido
