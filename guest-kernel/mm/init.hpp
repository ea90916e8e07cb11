// Starting the memory manager: from the boot loader's memory map to a working allocator.
//
// Order of boot: early bump allocator -> sections and their mem_map -> buddy -> slab. mm::init does all of it, so
// kmalloc works when it returns. Called once by boot, with paging on, the direct map complete, interrupts off.
#pragma once

#include "base/types.hpp"
#include "lib/errno.hpp"

namespace ido {
using namespace base;

struct PhysicalRange {
  u64 base = 0;  // bytes
  u64 size = 0;  // bytes
  const char* owner = nullptr;
  u64 end() const { return base + size; }
};

// What boot knows of memory. Ranges need not be aligned nor sorted; reserved wins over usable.
struct BootMemory {
  static constexpr u32 kMaxUsable = 64;
  static constexpr u32 kMaxReserved = 32;
  PhysicalRange usable[kMaxUsable];  // RAM by the firmware's map (E820 type 1)
  u32 usable_count = 0;
  PhysicalRange reserved[kMaxReserved];  // in use for ever: kernel image, boot page tables, the first page
  u32 reserved_count = 0;
  PhysicalRange boot_data[kMaxReserved];  // in use until release_boot_data: initramfs, Multiboot information
  u32 boot_data_count = 0;
  bool poison = false;  // fill free memory with a pattern and check it (mm/poison.hpp)
};

namespace mm {

// Panics with a sentence when there is too little memory to start.
void init(const BootMemory& memory);

// Gives the frames of a boot_data range (initramfs, once unpacked) to the allocator.
void release_boot_data(u64 base, u64 size);

}  // namespace mm
}  // namespace ido
