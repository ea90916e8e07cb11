// The kernel's own page tables: building them at boot, and the parts that never change afterwards. For arch and boot.
#pragma once

#include "arch/paging.hpp"

namespace ido {

// Replaces the boot mappings: text read-only, everything else not executable, the direct map only up to `low_end`
// (physical bytes), the trampoline window shown, address 0 not mapped. Loads the tables.
void init_kernel_tables(u64 low_end);

// A page of the trampoline window, without a flush.
void set_trampoline_page(u32 address, u64 physical, u64 flags);
// A slot of the kmap window, without a flush. physical 0: none.
void set_kmap_slot(u32 slot, u64 physical);

}  // namespace ido
