// Reverse maps: from a page to every page-table entry that names it.
//
// A file page finds them by its backing's areas. An anonymous page finds them by its family: the address spaces that
// descend from one exec by fork. A page stays at one user address in all of them (mremap copies pages that are shared),
// so family and page number say where to look.
#pragma once

#include "mm/mm.hpp"
#include "mm/page.hpp"

namespace ido {

struct AnonFamily {
  u32 references = 0;  // members, and anonymous pages
  IntrusiveList<Mm, &Mm::family_node> members;

  static AnonFamily* create();  // references = 0; nullptr when there is no memory
  void get() { ++references; }
  void put();
};

// Calls visit(mm, address, slot) for every address space that may map the page, where a page table exists there. The
// visitor decides by the entry whether it does. Doesn't sleep.
using RmapVisitor = void (*)(Mm& mm, u32 address, Pte* slot, void* context);
void visit_mappings(Page* page, RmapVisitor visit, void* context);

}  // namespace ido
