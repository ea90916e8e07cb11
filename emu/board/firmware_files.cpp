#include "board/firmware_files.hpp"

#include <iterator>
#include <string_view>

#include "abi/fw_cfg.hpp"
#include "abi/ports.hpp"
#include "board/acpi_tables.hpp"
#include "board/byte_writer.hpp"
#include "board/hotplug_plan.hpp"
#include "board/smbios_tables.hpp"

namespace paemu {

extern const unsigned char boot_rom[];
extern const unsigned boot_rom_size;

namespace {

// The boot RAM, whole DIMMs: the firmware cuts out what is not for the guest's use. DIMMs in hotplug slots are left
// to ACPI even when they are there from the start: else a system would use them in ways that it can't give back.
std::vector<u8> make_e820(std::span<const DimmSpec> dimms) {
  constexpr u32 kRam = 1;
  ByteWriter out;
  for (const DimmSpec& dimm : dimms) {
    if (dimm.socket != Socket::Boot) continue;
    out.qword(dimm.base.value);
    out.qword(dimm.size);
    out.dword(kRam);
  }
  return out.take();
}

std::vector<u8> make_u16(u16 value) {
  ByteWriter out;
  out.word(value);
  return out.take();
}

std::vector<u8> make_u32(u32 value) {
  ByteWriter out;
  out.dword(value);
  return out.take();
}

// No address of a DIMM may go to a 64-bit base address of a PCI function.
std::vector<u8> make_reserved_end(const MachineConfig& config) {
  const HotplugWindow window = hotplug_window(config);
  ByteWriter out;
  out.qword(window.base.value + window.size);
  return out.take();
}

}  // namespace

std::vector<FirmwareFile> firmware_files(const MachineConfig& config, std::span<const DimmSpec> dimms, Kernel kernel) {
  constexpr u8 kThere = 0x80;
  std::vector<FirmwareFile> files;
  files.push_back({abi::fw_cfg::kE820File, make_e820(dimms)});
  files.push_back({abi::fw_cfg::kMemorySlotsFile, make_u32(config.slots)});
  files.push_back({abi::fw_cfg::kBootFailWaitFile, make_u32(~0u)});
  files.push_back({abi::fw_cfg::kSystemStatesFile, {kThere, 0, 0, 0, 0, kThere}});  // S0 and S5
  if (!config.graphics || config.display == Display::kNone)
    files.push_back({abi::fw_cfg::kSerialPortFile, make_u16(abi::port::kCom1)});
  if (kernel == Kernel::Given) {
    // Firmware that is not ours starts it by an option ROM (firmware/bootrom), before it tries drives.
    const std::string_view order = "/rom@genroms/paemu-boot.bin\n";
    files.push_back({abi::fw_cfg::kBootRomFile, {boot_rom, boot_rom + boot_rom_size}});
    files.push_back({abi::fw_cfg::kBootOrderFile, {order.begin(), order.end()}});
  }
  if (hotplug_window(config).size > 0)
    files.push_back({abi::fw_cfg::kReservedMemoryEndFile, make_reserved_end(config)});
  for (std::vector<FirmwareFile> more : {acpi_files(config, dimms), smbios_files(config, dimms)})
    std::move(more.begin(), more.end(), std::back_inserter(files));
  return files;
}

}  // namespace paemu
