// The Linux/x86 boot protocol (Linux: Documentation/arch/x86/boot.rst): loads a bzImage from fw_cfg and starts it at
// its 32-bit entry.
#pragma once

#include "bios/boot_files.hpp"

namespace firmware {

// Has the file the setup header's signatures?
bool is_linux(FwCfgItem& kernel);

// Refuses, with a sentence, what is older than protocol 2.02 or loads low, is truncated, or does not fit into RAM.
[[noreturn]] void boot_linux(BootFiles& files, const MemoryMap& map);

}  // namespace firmware
