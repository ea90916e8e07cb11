// What the SRAT (ACPI 5.2.16) says of memory to come: needed before there is a memory manager.
#pragma once

#include "base/types.hpp"

namespace ido::acpi {
using namespace base;

// The end, in bytes, of the highest range that DIMMs may be plugged into; 0 when firmware names none. Reads the tables
// through the boot loader's direct map: call it before init_kernel_tables.
u64 hotplug_memory_end();

}  // namespace ido::acpi
