// The kernel's start, in the order in which the parts need one another. Reading order: this file first.
#include "acpi/acpi.hpp"
#include "acpi/srat.hpp"
#include "arch/cpu.hpp"
#include "arch/descriptors.hpp"
#include "arch/interrupts.hpp"
#include "arch/kernel_tables.hpp"
#include "arch/pic.hpp"
#include "arch/time.hpp"
#include "boot/multiboot.hpp"
#include "dev/memory_devices.hpp"
#include "dev/pty.hpp"
#include "dev/serial.hpp"
#include "dev/tty.hpp"
#include "fs/device.hpp"
#include "fs/file_systems.hpp"
#include "fs/initramfs.hpp"
#include "fs/tmpfs.hpp"
#include "ktest/ktest.hpp"
#include "lib/print.hpp"
#include "mm/background.hpp"
#include "mm/init.hpp"
#include "proc/faults.hpp"
#include "proc/process.hpp"
#include "proc/process_files.hpp"
#include "proc/scheduler.hpp"
#include "syscall/call.hpp"

extern "C" {
extern void (*constructors_start[])();
extern void (*constructors_end[])();
}

namespace ido {

namespace {

void run_constructors() {
  for (auto* constructor = constructors_start; constructor != constructors_end; ++constructor) (*constructor)();
}

const char* kind_name(RangeKind kind) {
  switch (kind) {
    case RangeKind::kUsable: return "usable";
    case RangeKind::kAcpiReclaimable: return "ACPI tables";
    case RangeKind::kAcpiNvs: return "ACPI NVS";
    case RangeKind::kBad: return "bad";
    default: return "reserved";
  }
}

void print_memory_map() {
  for (u32 i = 0; i < boot_info.range_count; ++i) {
    const MemoryRange& r = boot_info.ranges[i];
    print("memory: %010llx-%010llx %s\n", static_cast<unsigned long long>(r.base),
          static_cast<unsigned long long>(r.base + r.size - 1), kind_name(r.kind));
  }
}

// The end of what the direct map must hold: all RAM and firmware tables below kLowMemoryMax.
u64 low_memory_end() {
  u64 end = 0;
  for (u32 i = 0; i < boot_info.range_count; ++i) {
    const MemoryRange& r = boot_info.ranges[i];
    if (r.kind != RangeKind::kReserved && r.base < layout::kLowMemoryMax && r.base + r.size > end)
      end = r.base + r.size;
  }
  return end;
}

// The end of all memory that there is or may come.
u64 memory_end() {
  u64 end = acpi::hotplug_memory_end();
  for (u32 i = 0; i < boot_info.range_count; ++i) {
    const MemoryRange& r = boot_info.ranges[i];
    if (r.kind == RangeKind::kUsable && r.base + r.size > end) end = r.base + r.size;
  }
  return end;
}

// lockdep=1: checks the order of locks.
void start_lock_check() {
  StringView wanted;
  lock_check_is_on = command_line_value(boot_info.command_line, "lockdep", wanted) && wanted == StringView{"1"};
}

BootMemory memory_for_mm() {
  BootMemory memory;
  StringView poison;
  memory.poison = command_line_value(boot_info.command_line, "page_poison", poison) && poison == StringView{"1"};
  for (u32 i = 0; i < boot_info.range_count; ++i) {
    const MemoryRange& r = boot_info.ranges[i];
    if (r.kind == RangeKind::kUsable && memory.usable_count < BootMemory::kMaxUsable)
      memory.usable[memory.usable_count++] = {r.base, r.size, "RAM"};
  }
  // The first page keeps the BIOS's data; the rest below 1 MiB is what the map says it is.
  memory.reserved[memory.reserved_count++] = {0, kPageSize, "BIOS data"};
  memory.reserved[memory.reserved_count++] = {boot_info.kernel_start, boot_info.kernel_end - boot_info.kernel_start,
                                              "kernel image"};
  if (boot_info.initrd_end > boot_info.initrd_start)
    memory.boot_data[memory.boot_data_count++] = {boot_info.initrd_start, boot_info.initrd_end - boot_info.initrd_start,
                                                  "initramfs"};
  return memory;
}

// The root file system: the initramfs in a tmpfs, /dev filled from the drivers.
void make_root() {
  auto file_system = fs::make_tmpfs("mode=0755");
  if (!file_system) panic("no memory for the root file system");
  fs::set_root(*file_system);
  if (boot_info.initrd_end > boot_info.initrd_start) {
    if (auto unpacked = fs::unpack_initramfs(boot_info.initrd_start, boot_info.initrd_end); !unpacked)
      print("initramfs: damaged, unpacked in part, error %d\n", static_cast<i32>(unpacked.error()));
    mm::release_boot_data(boot_info.initrd_start, boot_info.initrd_end - boot_info.initrd_start);
  } else {
    print("initramfs: the boot loader passed none\n");
  }
  (void)fs::make(fs::root(), "/dev", fs::mode::kDirectory | 0755);
  auto dev = fs::lookup(fs::root(), "/dev");
  if (!dev) panic("can't make /dev, error %d", static_cast<i32>(dev.error()));
  if (auto populated = fs::populate_devices(*(*dev)->inode); !populated)
    print("devices: /dev is not complete, error %d\n", static_cast<i32>(populated.error()));
}

// The first things that a task does; process 1 goes on with /init.
void prepare_init() {
  make_root();
  run_kernel_tests();
}

}  // namespace

}  // namespace ido

extern "C" [[noreturn]] void kernel_start(ido::u32 magic, ido::u32 information) {
  using namespace ido;
  run_constructors();
  init_serial_console();
  print("ido: a %s kernel that moves its memory\n", layout::kSplit4G ? "4G/4G" : "3G/1G");
  multiboot::read(magic, information);
  print("command line: %s\n", boot_info.command_line);
  print_memory_map();
  init_cpu();
  plan_windows(memory_end());
  init_kernel_tables(low_memory_end());
  init_descriptors();
  init_pic();
  mm::init(memory_for_mm());
  start_lock_check();
  init_time();
  init_scheduler();
  init_faults();
  init_last_words();
  set_trap_handler(vector::kSystemCall, system_call);
  asm volatile("sti" : : : "memory");
  fs::register_file_systems();
  init_serial_tty();
  init_controlling_terminal();
  init_pseudo_terminals();
  init_memory_devices();
  acpi::init();
  register_process_files();
  start_init(prepare_init);
  start_mem_map_thread();
  acpi::on_power_button([] {
    if (!ask_for_power_off()) acpi::power_off();
  });
  acpi::start();
  idle();
}
