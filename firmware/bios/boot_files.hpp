// What the emulator's -kernel, -initrd and -append gave, and the initrd's place.
#pragma once

#include "bios/fw_cfg.hpp"
#include "bios/memory_map.hpp"

namespace firmware {

struct BootFiles {
  FwCfgItem kernel;
  FwCfgItem initrd;        // may be absent
  FwCfgItem command_line;  // may be absent; with its terminating NUL
};

// Files named opt/paemu/* stand in where an emulator takes kernels apart itself, so that the firmware can be tried on
// QEMU.
BootFiles find_boot_files();

// Copies the initrd as high as it can be below `limit` (physical, bytes) and returns its address; refuses when it would
// reach below `floor`, where the kernel ends.
u32 place_initrd(FwCfgItem& initrd, const MemoryMap& map, u32 floor, u64 limit = ~u64{0});

}  // namespace firmware
