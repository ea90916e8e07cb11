// The kernel's own page tables: building them at boot, and the parts that never change afterwards. For arch and boot.
#pragma once

#include "arch/paging.hpp"

namespace ido {

// Replaces the boot mappings: text read-only, everything else not executable, the direct map only up to `low_end`
// (physical bytes), the trampoline window shown, address 0 not mapped. Loads the tables.
void init_kernel_tables(u64 low_end);

// A page of the trampoline window, without a flush.
void set_trampoline_page(u32 address, u64 physical, u64 flags);
void clear_trampoline_page(u32 address);
// A slot of the kmap window, without a flush. physical 0: none.
void set_kmap_slot(u32 slot, u64 physical);
// Set in entries that hold in all tables alike: in 3G/1G the kernel's own; in 4G/4G only the window's are global.
u64 kernel_global_bit();

}  // namespace ido
