// Installs the ACPI tables that the emulator made, by running its loader commands (QEMU's "etc/table-loader").
#pragma once

#include "bios/memory_map.hpp"

namespace firmware {

// Tables go to the top of low RAM, which becomes ACPI NVS in the map; the RSDP goes to 0xf0000 up, where systems look
// for it (ACPI 5.2.5.1). Bad commands are refused with a sentence; no loader file means no tables.
void install_tables(MemoryMap& map);

// Where install_tables put the RSDP (physical); 0 without one.
u32 rsdp_address();

}  // namespace firmware
