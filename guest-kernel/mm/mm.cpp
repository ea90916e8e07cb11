#include "mm/mm.hpp"

#include "lib/print.hpp"
#include "mm/entry.hpp"
#include "mm/limits.hpp"
#include "mm/rmap.hpp"
#include "mm/slab.hpp"

namespace ido {
namespace {

constinit SlabCache mm_cache{"mm", sizeof(Mm)};
Mm* running;

}  // namespace

Mm* current_mm() { return running; }
void set_current_mm(Mm* mm) { running = mm; }

Or<Mm*> Mm::create() {
  auto table = UserPageTable::create();
  if (!table) return fail(table.error());
  void* memory = mm_cache.allocate();
  AnonFamily* family = AnonFamily::create();
  if (memory == nullptr || family == nullptr) {
    table.value()->destroy();
    if (memory != nullptr) mm_cache.release(memory);
    if (family != nullptr) {
      family->get();
      family->put();
    }
    return fail(Errno::kNoMem);
  }
  Mm* mm = new (memory) Mm;
  mm->table_ = table.value();
  mm->family = family;
  family->get();
  family->members.push_back(*mm);
  return mm;
}

void Mm::put() {
  KASSERT(references_ > 0);
  if (--references_ > 0) return;
  while (Area* area = areas_.front()) {
    zap(area->start, area->end);
    remove(area);
    free_area(area);
  }
  family->members.remove(*this);
  family->put();
  table_->destroy();
  if (running == this) running = nullptr;
  this->~Mm();
  mm_cache.release(this);
}

void Mm::zap(u32 from, u32 to) {
  for_each_entry(*table_, from, to, [&](u32, Pte* slot) {
    if (slot->value == 0) return;
    const Pte old = UserPageTable::exchange(slot, {});
    if (is_zero_page(old)) return;
    --(is_anonymous(old) ? counters.anonymous_pages : counters.file_pages);
    if (!old.present()) return;  // a migration entry holds nothing
    Page* page = page_of(old.frame());
    if (old.value & pte::kDirty) page->flags |= page_flag::kDirty;
    drop_mapping(page);
  });
  flush_user_all(*table_);
}

}  // namespace ido
