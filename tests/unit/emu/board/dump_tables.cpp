// usage: dump-tables SLOTS FOLDER
// Writes the tables of a machine with that many slots to FOLDER: the ACPI ones as DSDT.aml and so on, SMBIOS as
// smbios.bin in the form that dmidecode --from-dump reads. A DIMM of 40 GiB is in slot 1 if there is one.

#include <cstdio>
#include <cstdlib>

#include "installed_tables.hpp"

namespace {

using namespace paemu;

void write(const std::string& path, const std::vector<u8>& bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size()) std::exit(1);
  std::fclose(file);
}

// The entry point with the structures' address in the file and its checksums, then the structures.
std::vector<u8> smbios_dump(std::vector<u8> anchor, const std::vector<u8>& structures) {
  constexpr u8 kStructures = 0x20;
  const auto set_checksum = [&](usize at, usize start, usize end) {
    u8 sum = 0;
    for (usize i = start; i < end; ++i) sum = static_cast<u8>(sum + anchor[i]);
    anchor[at] = static_cast<u8>(-sum);
  };
  anchor[0x18] = kStructures;
  set_checksum(0x15, 0x10, 0x1f);
  set_checksum(0x04, 0x00, 0x1f);
  anchor.resize(kStructures);
  anchor.insert(anchor.end(), structures.begin(), structures.end());
  return anchor;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const std::string folder = arguments[2];
  MachineConfig config;
  config.slots = static_cast<u32>(std::strtoul(arguments[1], nullptr, 10));
  config.maxmem = 64 * kGiB;
  config.physical_bits = 37;
  for (u32 i = 0; i < 16; ++i) config.uuid.push_back(static_cast<u8>(i * 0x11));
  std::vector<DimmSpec> dimms{{"boot0", "", Socket::Boot, 0, GuestPhys{0}, kGiB, 0}};
  if (config.slots > 1) dimms.push_back({"large", "mem1", Socket::Hotplug, 1, GuestPhys{4 * kGiB}, 40 * kGiB, 0});
  InstalledTables installed(config, dimms);
  for (const auto& [name, bytes] : installed.tables()) write(folder + "/" + name + ".aml", bytes);
  write(folder + "/smbios.bin",
        smbios_dump(installed.files.at("etc/smbios/smbios-anchor"), installed.files.at("etc/smbios/smbios-tables")));
}
