// SMBIOS 2.8 (DMTF DSP0134): what the machine is made of, as the fw_cfg files from which firmware installs it. Firmware
// that knows QEMU's protocol puts its own type 0 before the structures, sets the addresses and the checksums.
//
// A pure function of the configuration, so type 17 shows the slots as they were when the machine was switched on.
#pragma once

#include <span>
#include <vector>

#include "board/firmware_files.hpp"

namespace paemu {

// etc/smbios/smbios-anchor and etc/smbios/smbios-tables.
// dimms: as firmware_files() has them.
std::vector<FirmwareFile> smbios_files(const MachineConfig& config, std::span<const DimmSpec> dimms);

}  // namespace paemu
