// The firmware's course: chips, memory, tables, kernel. reset.S comes here with a stack and zeroed variables.

#include "abi/fw_cfg.hpp"
#include "abi/ports.hpp"
#include "bios/chipset.hpp"
#include "bios/console.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/linux.hpp"
#include "bios/memory_map.hpp"
#include "bios/multiboot.hpp"
#include "bios/pci.hpp"
#include "bios/port_io.hpp"
#include "bios/tables.hpp"

namespace firmware {

namespace {

// Codes for the latch at port 80, in order: the last one tells where a boot ended.
enum class Post : u8 { Chips = 0x10, Memory = 0x20, Tables = 0x30, Kernel = 0x40 };

void post(Post code) { out8(abi::port::kPost, static_cast<u8>(code)); }

MemoryMap memory;

void greet() {
  u32 slots = 0;
  FwCfgItem file = fw_cfg_file(abi::fw_cfg::kMemorySlotsFile);
  if (file.size() >= sizeof(slots)) file.read(0, &slots, sizeof(slots));
  const u32 dimms = memory.dimms();
  put("paemu firmware: ");
  put(memory.ram_mib());
  put(" MiB in ");
  put(dimms);
  put(dimms == 1 ? " DIMM, " : " DIMMs, ");
  put(slots);
  put(slots == 1 ? " slot\r\n" : " slots\r\n");
}

}  // namespace

extern "C" void firmware_main() {
  post(Post::Chips);
  init_chipset();
  console_init();
  init_pci();
  init_data_areas();
  if (!fw_cfg_present()) refuse("there is no fw_cfg device, so nothing tells what to boot");

  post(Post::Memory);
  memory.build();
  greet();

  post(Post::Tables);
  install_tables(memory);

  post(Post::Kernel);
  BootFiles files = find_boot_files();
  if (!files.kernel.present()) refuse("nothing to boot; give a Multiboot or Linux kernel with -kernel FILE");
  if (is_linux(files.kernel)) boot_linux(files, memory);
  boot_multiboot(files, memory);
}

}  // namespace firmware
