// Where POST lives and works: 32-bit code that runs from the shadow of the image (0xe0000-0xfffff) and keeps its own data
// below 640 KiB, which a kernel may use once it runs. Addresses in bytes.
//
//   0x00000  interrupt vectors, BIOS data area
//   0x01000  stack, down from kStackTop
//   0x07000  where other processors start, for a moment
//   0x08000  variables (.bss)
//   0x20000  what the kernel is told: Multiboot information, memory map, command line
//   0x9fc00  extended BIOS data area: kept
//   0xc0000  option ROMs, copied there
//   0xe0000  POST's own code: 48 KiB, stays for BIOS32
//   0xec000  the services' variables and stacks: 16 KiB, the only part that stays writable (runtime.hpp)
//   0xf0000  the services' code; from kTablesBegin on tables that systems look for between 0xf0000 and 0xfffff
#pragma once

#include "base/types.hpp"
#include "bios/runtime.hpp"

namespace firmware {
using namespace base;

inline constexpr u32 kStackTop = 0x7000;
inline constexpr u32 kStartPage = 0x7000;
inline constexpr u32 kBootInfo = 0x20000;
inline constexpr u32 kBootInfoEnd = 0x90000;
inline constexpr u32 kEbda = static_cast<u32>(kEbdaSegment) << 4;
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
