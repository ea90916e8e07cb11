// The named items by which the board tells firmware of itself (abi/fw_cfg.hpp). QEMU's names and contents where QEMU
// has the item, so that firmware written for QEMU finds what it reads there.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "board/machine_config.hpp"
#include "memory/dimm.hpp"

namespace paemu {

// A named item of the fw_cfg device. Names are at most 55 characters.
struct FirmwareFile {
  std::string name;
  std::vector<u8> bytes;
};

enum class Kernel : bool { None, Given };  // by -kernel

// dimms: all that are there at start, in ascending order of address, which has those of the boot RAM first.
std::vector<FirmwareFile> firmware_files(const MachineConfig& config, std::span<const DimmSpec> dimms, Kernel kernel);

}  // namespace paemu
