// The kernel's start, in the order in which the parts need one another. Reading order: this file first.
#include "arch/cpu.hpp"
#include "arch/descriptors.hpp"
#include "arch/interrupts.hpp"
#include "arch/kernel_tables.hpp"
#include "arch/pic.hpp"
#include "arch/time.hpp"
#include "boot/multiboot.hpp"
#include "dev/serial.hpp"
#include "lib/print.hpp"

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
    if (r.kind != RangeKind::kReserved && r.base < layout::kLowMemoryMax && r.base + r.size > end) end = r.base + r.size;
  }
  return end;
}

}  // namespace

}  // namespace ido

extern "C" [[noreturn]] void kernel_start(ido::u32 magic, ido::u32 information) {
  using namespace ido;
  run_constructors();
  init_serial_console();
  print("ido: a 4G/4G kernel that moves its memory\n");
  multiboot::read(magic, information);
  print("command line: %s\n", boot_info.command_line);
  print_memory_map();
  init_cpu();
  init_kernel_tables(low_memory_end());
  init_descriptors();
  init_pic();
  init_time();
  panic("the end");
}
