// POST's course: shadow (start.S), chips, memory, screen, processors, tables; then a kernel that was given, or a drive that boots.

#include "abi/acpi.hpp"
#include "abi/fw_cfg.hpp"
#include "abi/ports.hpp"
#include "base/port_io.hpp"
#include "bios/bios32.hpp"
#include "bios/boot_list.hpp"
#include "bios/chipset.hpp"
#include "bios/console.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/linux.hpp"
#include "bios/memory_map.hpp"
#include "bios/mp_table.hpp"
#include "bios/mtrr.hpp"
#include "bios/multiboot.hpp"
#include "bios/option_roms.hpp"
#include "bios/pci.hpp"
#include "bios/pir_table.hpp"
#include "bios/processors.hpp"
#include "bios/real_mode.hpp"
#include "bios/shadow.hpp"
#include "bios/smbios.hpp"
#include "bios/tables.hpp"

namespace firmware {

namespace {

// Codes for the latch at port 80, in order: the last one tells where a boot ended.
enum class Post : u8 { Chips = 0x10, Memory = 0x20, Screen = 0x28, Processors = 0x2c, Tables = 0x30, Kernel = 0x40, Drives = 0x50, Boot = 0x60 };

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

void start_screen() {
  const bool screen = start_video_rom();
  runtime().has_screen = screen;
  runtime().serial_console = !screen;
  if (screen) console_has_screen();
}

// INT 15h's map.
void share_map() {
  Runtime& r = runtime();
  for (u32 i = 0; i < memory.count() && i < kMaxMapEntries; ++i) {
    r.map[i] = {memory[i].base, memory[i].size, static_cast<u32>(memory[i].type)};
    r.map_count = static_cast<u8>(i + 1);
  }
}

void boot_kernel(BootFiles& files) {
  post(Post::Kernel);
  lock_shadow(option_roms_end());
  if (is_linux(files.kernel)) boot_linux(files, memory);
  boot_multiboot(files, memory);
}

// The tick, the keyboard and the second controller's line; drivers and programs let in what else they want.
void open_interrupts() {
  constexpr u8 kTick = 1 << 0, kSecond = 1 << 2;
  out8(abi::port::kPic1 + 1, static_cast<u8>(in8(abi::port::kPic1 + 1) & ~(kTick | kSecond)));
}

[[noreturn]] void boot_drives() {
  post(Post::Drives);
  open_interrupts();
  call_services(PostCall::Keyboard);
  call_services(PostCall::Drives);
  start_option_roms();
  make_boot_list();
  offer_boot_menu();
  post(Post::Boot);
  lock_shadow(option_roms_end());
  RealCall none;
  call_interrupt(0x19, none);
  halt();
}

}  // namespace

extern "C" void firmware_main() {
  post(Post::Chips);
  init_mtrrs();
  init_chipset();
  console_init();
  init_pci();
  runtime().pm_timer_port = static_cast<u16>(abi::port::kAcpiPmBase + abi::acpi::kPmTimer);
  call_services(PostCall::DataAreas);
  if (!fw_cfg_present()) refuse("there is no fw_cfg device, so nothing tells how much RAM there is");

  post(Post::Memory);
  memory.build();

  post(Post::Screen);
  start_screen();
  greet();

  post(Post::Processors);
  start_processors();

  post(Post::Tables);
  install_tables(memory);
  install_smbios(memory);
  install_mp_table();
  install_pir_table();
  install_bios32();
  share_map();

  BootFiles files = find_boot_files();
  if (files.kernel.present()) boot_kernel(files);
  boot_drives();
}

}  // namespace firmware
