// The virtual memory layout of the kernel in 4G/4G mode, and where the user's ends. Addresses in bytes.
//
//   0x00000000  not mapped: null pointers fault. (Identity-mapped for a moment at boot.)
//   0x02000000  kPageOffset: low physical memory, one to one, up to the vmemmap at most
//   windows.vmemmap (arch/paging.hpp): the mem_map, 32 bytes a page of the whole physical space, mapped section by
//               section. It ends where kVmalloc begins; boot chooses where it starts by the highest physical address.
//               At 0xc2000000 its 896 MiB serve 112 GiB, so 64 GiB of RAM have 3 GiB of low memory; 200 GiB take
//               1664 MiB of it and have 2304 MiB of low memory
//   0xfa000000  kVmalloc: ioremap and large kernel tables
//   0xfe000000  kKmap: slots of atomic kmaps
//   0xff000000  kTrampoline: the window that user and kernel page tables share
#pragma once

#include "base/types.hpp"

namespace ido::layout {
using namespace base;

inline constexpr u32 kPageOffset = 0x02000000;
inline constexpr u32 kLowMemoryMax = 0xc0000000;    // bytes of physical memory that the direct map can hold
inline constexpr u32 kLowMemoryLeast = 0x40000000;  // bytes that the largest vmemmap leaves it
inline constexpr u32 kVmemmapEnd = 0xfa000000;
inline constexpr u32 kVmemmapMax = kVmemmapEnd - kPageOffset - kLowMemoryLeast;  // bytes
inline constexpr u32 kVmalloc = 0xfa000000;
inline constexpr u32 kVmallocEnd = 0xfe000000;
inline constexpr u32 kKmap = 0xfe000000;
inline constexpr u32 kKmapSlots = 256;

// The trampoline window: GDT, IDT, TSS, LDT, entry code, virtual kernel stacks, the vsyscall page.
inline constexpr u32 kTrampoline = 0xff000000;
inline constexpr u32 kTrampolineCode = 0xff000000;    // entry and exit code, up to 64 KiB
inline constexpr u32 kTrampolineTables = 0xff010000;  // GDT, IDT, TSS, double-fault stack
inline constexpr u32 kVirtualStack =
    0xff100000;  // the running task's kernel stack, kKernelStackSize, guard pages around
inline constexpr u32 kKernelStackSize = 0x4000;

// The user's 4 GiB ends where the trampoline begins.
inline constexpr u32 kUserEnd = 0xff000000;
inline constexpr u32 kUserStackTop = 0xff000000;
inline constexpr u32 kMmapBase = 0xf0000000;  // mmap searches downward from here

}  // namespace ido::layout
