#include "mm/rmap.hpp"

#include "lib/print.hpp"
#include "mm/backing.hpp"
#include "mm/entry.hpp"
#include "mm/slab.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

constinit SlabCache family_cache{"anon_family", sizeof(AnonFamily)};
Pfn zero_page;

}  // namespace

AnonFamily* AnonFamily::create() {
  void* memory = family_cache.allocate();
  return memory == nullptr ? nullptr : new (memory) AnonFamily;
}

void AnonFamily::put() {
  KASSERT(references > 0);
  if (--references == 0) family_cache.release(this);
}

void visit_mappings(Page* page, RmapVisitor visit, void* context) {
  if (page->use == PageUse::kAnonymous) {
    const u32 address = page->index << kPageShift;
    for (Mm& mm : page->family->members) {
      if (Pte* slot = mm.table().entry(address, false)) visit(mm, address, slot, context);
    }
    return;
  }
  if (page->backing == nullptr) return;  // truncated
  for (Area& area : page->backing->areas) {
    if (page->index < area.first_index || page->index - area.first_index >= area.size() >> kPageShift) continue;
    const u32 address = area.start + ((page->index - area.first_index) << kPageShift);
    if (Pte* slot = area.mm->table().entry(address, false)) visit(*area.mm, address, slot, context);
  }
}

void add_mapping(Page* page) {
  if (page->map_count++ == 0 && page->use == PageUse::kCache) ++mapped_file_pages;
}

void drop_mapping(Page* page) {
  KASSERT(page->map_count > 0);
  if (--page->map_count == 0 && page->use == PageUse::kCache) --mapped_file_pages;
  put_page(page);
}

Pfn zero_frame_shared() {
  if (zero_page.value == 0) {
    void* page = allocate_kernel_pages(0, "zero page");
    if (page != nullptr) zero_page = low_frame(page);
  }
  return zero_page;
}

}  // namespace ido
