// The kernel's file: finds its Multiboot header and places its segments.
#pragma once

#include "bios/fw_cfg.hpp"
#include "bios/memory_map.hpp"

namespace firmware {

struct LoadedKernel {
  u32 entry;  // physical
  u32 begin;  // lowest and highest address used
  u32 end;
};

// By the address fields of the Multiboot header when it has them, else by the ELF program headers. Refuses whatever
// can't be loaded; nothing outside usable RAM is ever written.
LoadedKernel load_kernel(FwCfgItem& file, const MemoryMap& map);

}  // namespace firmware
