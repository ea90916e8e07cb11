// Multiboot 1 (Multiboot Specification 0.6.96): loads a kernel from fw_cfg and starts it.
#pragma once

#include "bios/boot_files.hpp"
#include "bios/memory_map.hpp"

namespace firmware {

// Refuses, with a sentence, what is not a Multiboot kernel, is truncated, or does not fit into RAM.
[[noreturn]] void boot_multiboot(BootFiles& files, const MemoryMap& map);

}  // namespace firmware
