// BootInfo: what the boot loader told about the machine, in a form of our own (filled by boot/ from Multiboot).
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

// The kinds of INT 15h E820 (ACPI 6.x, 15.1), which Multiboot passes on.
enum class RangeKind : u8 { kUsable = 1, kReserved = 2, kAcpiReclaimable = 3, kAcpiNvs = 4, kBad = 5 };

struct MemoryRange {
  u64 base;  // bytes
  u64 size;  // bytes
  RangeKind kind;
};

struct BootInfo {
  static constexpr u32 kMaxRanges = 64;
  MemoryRange ranges[kMaxRanges];  // sorted by base
  u32 range_count = 0;
  u32 kernel_start = 0, kernel_end = 0;  // physical bytes of the kernel's image and its .bss, page aligned
  u32 initrd_start = 0, initrd_end = 0;  // physical bytes of the first module; equal when there is none
  char command_line[1024] = {};
};

extern BootInfo boot_info;

}  // namespace ido
