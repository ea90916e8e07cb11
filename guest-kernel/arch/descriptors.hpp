// GDT, IDT and the two task-state segments, in the trampoline window, and what of them changes with the running task.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

// Loads all tables. The trampoline window must be mapped.
void init_descriptors();

inline constexpr u32 kTlsFirst = 6, kTlsCount = 3;  // GDT entries of set_thread_area, Linux's numbers

void load_tls(const u64 (&descriptors)[kTlsCount]);

// A local descriptor table: pages anywhere in memory, seen at layout::kLdt while their process runs.
struct Ldt {
  static constexpr u32 kMost = 8192, kMostPages = kMost * 8 / kPageSize;
  Pfn frames[kMostPages] = {};
  u32 count = 0;  // descriptors; a page's worth at a time
};
// nullptr: none. Call it again after `ldt` has grown.
void load_ldt(const Ldt* ldt);
const Ldt* running_ldt();

// 3G/1G: where entries from user mode find their stack.
void set_kernel_stack(u32 top);

// The state that a task left when it hit the double-fault gate, from its TSS.
struct InterruptedState {
  u32 cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi, cs, ss;
};
InterruptedState double_faulted_state();

}  // namespace ido
