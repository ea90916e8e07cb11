// GDT, IDT and the two task-state segments, in the trampoline window, and what of them changes with the running task.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

// Loads all tables. The trampoline window must be mapped.
void init_descriptors();

inline constexpr u32 kTlsFirst = 6, kTlsCount = 3;  // GDT entries of set_thread_area, Linux's numbers

void load_tls(const u64 (&descriptors)[kTlsCount]);

// The state that a task left when it hit the double-fault gate, from its TSS.
struct InterruptedState {
  u32 cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi, cs, ss;
};
InterruptedState double_faulted_state();

}  // namespace ido
