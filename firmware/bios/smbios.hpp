// SMBIOS (DMTF DSP0134, 2.8): the emulator's structures, with the firmware's own type 0 before them.
#pragma once

#include "bios/memory_map.hpp"

namespace firmware {

// The entry point goes to 0xf0000 up, where systems look for it; the structures beside it, or when there are many to the
// top of low RAM, which becomes reserved in the map. Without the emulator's files there is no SMBIOS.
void install_smbios(MemoryMap& map);

}  // namespace firmware
