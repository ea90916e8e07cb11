// usage: dump-tables SLOTS FOLDER
// Writes the ACPI tables of a machine with that many slots to FOLDER/DSDT.aml and so on.

#include <cstdio>
#include <cstdlib>

#include "installed_tables.hpp"

int main(int count, char** arguments) {
  using namespace paemu;
  if (count != 3) return 2;
  MachineConfig config;
  config.slots = static_cast<u32>(std::strtoul(arguments[1], nullptr, 10));
  const std::vector<DimmSpec> dimms{{"boot0", "", Socket::Boot, 0, GuestPhys{0}, kGiB, 0}};
  for (const auto& [name, bytes] : InstalledTables(config, dimms).tables()) {
    std::FILE* file = std::fopen((std::string(arguments[2]) + "/" + name + ".aml").c_str(), "wb");
    if (file == nullptr) return 1;
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
  }
}
