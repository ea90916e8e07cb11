#include "bios/boot_files.hpp"

#include "abi/fw_cfg.hpp"
#include "abi/memory_map.hpp"
#include "base/bits.hpp"
#include "bios/console.hpp"
#include "bios/layout.hpp"

namespace firmware {

BootFiles find_boot_files() {
  namespace cfg = abi::fw_cfg;
  BootFiles files{fw_cfg_sized(cfg::kKernelSize, cfg::kKernelData), fw_cfg_sized(cfg::kInitrdSize, cfg::kInitrdData),
                  fw_cfg_sized(cfg::kCommandLineSize, cfg::kCommandLineData)};
  if (!files.kernel.present()) {
    files = {fw_cfg_file("opt/paemu/kernel"), fw_cfg_file("opt/paemu/initrd"), fw_cfg_file("opt/paemu/append")};
  }
  return files;
}

u32 place_initrd(FwCfgItem& initrd, const MemoryMap& map, u32 floor, u64 limit) {
  const u32 address = initrd.size() > abi::memory_map::kLowRamEnd - kPageSize
                          ? 0
                          : map.find_high(align_up(initrd.size(), kPageSize), kPageSize, limit);
  if (address == 0 || address < floor) {
    refuse("the initrd of ", initrd.size() >> 20, " MiB does not fit into RAM beside the kernel; give more memory");
  }
  initrd.read(0, at<u8>(address), initrd.size());
  return address;
}

}  // namespace firmware
