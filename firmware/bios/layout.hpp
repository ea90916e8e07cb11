// Where the firmware lives and works. It runs in place from the shadow of its image (0xe0000-0xfffff) and keeps its own
// data below 640 KiB, which a kernel may use once it runs. Addresses in bytes.
//
//   0x00000  interrupt vectors, BIOS data area
//   0x01000  stack, down from kStackTop
//   0x08000  variables (.bss)
//   0x20000  what the kernel is told: Multiboot information, memory map, command line
//   0x9f000  extended BIOS data area: kept, the RSDP is in it
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

inline constexpr u32 kStackTop = 0x7000;
inline constexpr u32 kBootInfo = 0x20000;
inline constexpr u32 kBootInfoEnd = 0x90000;
inline constexpr u32 kEbda = 0x9f000;
inline constexpr u32 kEbdaEnd = 0xa0000;

// Free for a moment, before the kernel is loaded: 1 MiB up.
inline constexpr u32 kScratch = 0x100000;
inline constexpr u32 kScratchSize = 0x80000;

// Memory at a fixed address. The compiler must not see the number: it takes small ones for broken null pointers.
template <class T>
T* at(u32 address) {
  asm("" : "+r"(address));
  return reinterpret_cast<T*>(address);
}

}  // namespace firmware
