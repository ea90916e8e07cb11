// Multiboot 0.6.96: what the loader passes (3.3), and turning it into BootInfo.
#pragma once

#include "arch/boot_info.hpp"

namespace ido::multiboot {

inline constexpr u32 kLoaderMagic = 0x2badb002;

// Bits of Information::flags.
inline constexpr u32 kHasMemory = 1u << 0, kHasCommandLine = 1u << 2, kHasModules = 1u << 3, kHasMap = 1u << 6;

struct Information {
  u32 flags;
  u32 memory_lower, memory_upper;  // KiB below 1 MiB, KiB from 1 MiB on
  u32 boot_device;
  u32 command_line;           // physical address of a string
  u32 module_count, modules;  // physical address of Module[]
  u32 symbols[4];
  u32 map_size, map;  // bytes; physical address of MapEntry[]
};

struct Module {
  u32 start, end;  // physical bytes
  u32 string;
  u32 reserved;
};

struct [[gnu::packed]] MapEntry {
  u32 size;  // of the rest of the entry: entries lie size + 4 bytes apart
  u64 base, length;
  u32 type;
};

// Fills boot_info. Panics with a sentence when there is no memory map.
void read(u32 magic, u32 information);

}  // namespace ido::multiboot
