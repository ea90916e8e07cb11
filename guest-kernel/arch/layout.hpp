// The virtual memory layout of the kernel, and where the user's ends. Addresses in bytes.
//
// 4G/4G, the default: kernel and user have page tables of their own.
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
//
// 3G/1G (SPLIT_3G), for comparison: the user's 3 GiB below the kernel's one, in one set of tables. The direct map and
// the mem_map share less than 1 GiB: 768 MiB of low memory beside the mem_map of 16 GiB, or 512 beside that of 48.
//
//   0xc0000000  kPageOffset    windows.vmemmap, to 0xf8000000    0xf8000000  kVmalloc    then as above
#pragma once

#include "arch/entry_constants.h"
#include "base/types.hpp"

namespace ido::layout {
using namespace base;

inline constexpr u32 kPageOffset = PAGE_OFFSET;
inline constexpr u32 kLowMemoryMax = LOW_MEMORY_MAX;  // bytes of physical memory that the direct map can hold
#ifdef SPLIT_3G
inline constexpr bool kSplit4G = false;
inline constexpr u32 kLowMemoryLeast = 0x20000000;  // bytes that the largest vmemmap leaves it
inline constexpr u32 kVmemmapEnd = 0xf8000000;
inline constexpr u32 kMmapBase = 0xb8000000;  // mmap searches downward from here
#else
inline constexpr bool kSplit4G = true;
inline constexpr u32 kLowMemoryLeast = 0x40000000;
inline constexpr u32 kVmemmapEnd = 0xfa000000;
inline constexpr u32 kMmapBase = 0xf0000000;
#endif
inline constexpr u32 kVmemmapMax = kVmemmapEnd - kPageOffset - kLowMemoryLeast;  // bytes
inline constexpr u32 kVmalloc = kVmemmapEnd;
inline constexpr u32 kVmallocEnd = 0xfe000000;
inline constexpr u32 kKmap = 0xfe000000;
inline constexpr u32 kKmapSlots = 256;

// The trampoline window: GDT, IDT, TSS, LDT, entry code, virtual kernel stacks, the vsyscall page.
inline constexpr u32 kTrampoline = 0xff000000;
inline constexpr u32 kTrampolineCode = TRAMPOLINE_CODE;      // entry and exit code, up to 64 KiB
inline constexpr u32 kTrampolineTables = TRAMPOLINE_TABLES;  // GDT, IDT, TSS
inline constexpr u32 kLdt = 0xff020000;                      // the running process's LDT, up to 64 KiB
// The running task's kernel stack, kKernelStackSize, guard pages around. Unused in 3G/1G, where stacks are entered at
// their direct map address.
inline constexpr u32 kVirtualStack = VIRTUAL_STACK;
inline constexpr u32 kKernelStackSize = KERNEL_STACK_SIZE;
inline constexpr u32 kVdso = VDSO_BASE;  // the vsyscall page: the only one here that user code may touch

inline constexpr u32 kUserEnd = USER_END;
inline constexpr u32 kUserStackTop = USER_END;

}  // namespace ido::layout
