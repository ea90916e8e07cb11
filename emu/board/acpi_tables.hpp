// The ACPI tables of the board and the memory map, as the fw_cfg files from which the firmware installs them.
//
// A pure function of the configuration: the tables hold nothing that changes while the guest runs. What does change
// (which slot holds a DIMM, and where) the AML reads from the memory hotplug registers.
#pragma once

#include <span>
#include <vector>

#include "board/firmware_files.hpp"

namespace paemu {

// etc/acpi/tables, etc/acpi/rsdp and etc/table-loader. dimms: as firmware_files() has them.
std::vector<FirmwareFile> acpi_files(const MachineConfig& config, std::span<const DimmSpec> dimms);

}  // namespace paemu
