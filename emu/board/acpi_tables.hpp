// The ACPI tables of the board and the memory map, as the fw_cfg files from which the firmware installs them.
//
// A pure function of the configuration: the tables hold nothing that changes while the guest runs. What does change
// (which slot holds a DIMM, and where) the AML reads from the memory hotplug registers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "board/machine.hpp"
#include "memory/dimm.hpp"

namespace paemu {

// A named item of the fw_cfg device (abi/fw_cfg.hpp). Names are at most 55 characters.
struct FirmwareFile {
  std::string name;
  std::vector<u8> bytes;
};

// etc/acpi/tables, etc/acpi/rsdp, etc/table-loader, etc/e820 and etc/memory-slots.
// boot_dimms: the DIMMs with Socket::Boot, in ascending order of address.
std::vector<FirmwareFile> firmware_files(const MachineConfig& config, std::span<const DimmSpec> boot_dimms);

// Where hotplug DIMMs may sit: [base, base + size); size 0 when the configuration has no room or no slot for any.
struct HotplugWindow {
  GuestPhys base;
  u64 size = 0;  // bytes: maxmem less the boot RAM
};
HotplugWindow hotplug_window(const MachineConfig& config);

}  // namespace paemu
