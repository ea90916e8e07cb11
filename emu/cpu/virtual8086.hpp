// Virtual-8086 mode and the virtual interrupt flag: VME and PVI (SDM 3A, 20.2.7 to 20.4).
//
// With CR4.VME a virtual-8086 task below IOPL 3 changes EFLAGS.VIF where it thinks that it changes IF, and INT n may
// stay within the task, by a bitmap in the TSS. With CR4.PVI CLI and STI at CPL 3 do the same in protected mode.
#pragma once

#include "cpu/fault.hpp"

namespace paemu {

class Cpu;

// Whether VIF stands in for IF in what the task does: virtual-8086 mode below IOPL 3 with CR4.VME.
bool virtual_flag_in_virtual8086(const Cpu& cpu);
// The same for CLI and STI at CPL 3 above IOPL in protected mode with CR4.PVI.
bool virtual_flag_in_protected_mode(const Cpu& cpu);

// VIF and VIP are both set where VIF stands in for IF: #GP(0) before the next instruction (20.3.2).
bool virtual_interrupt_due(const Cpu& cpu);

// FLAGS as PUSHF and a redirected INT n show them to the task: VIF as IF, IOPL 3.
u32 flags_shown_to_task(const Cpu& cpu);
// POPF and IRET of 16 bits with VIF for IF. False: #GP(0), nothing changed.
[[nodiscard]] bool set_flags_of_task(Cpu& cpu, u32 flags);

// INT n in virtual-8086 mode, as table 20-2 says: through the IDT (kNext: the caller delivers it), to the task's own
// handler (kBranch), or kFault.
[[nodiscard]] Outcome redirect_interrupt(Cpu& cpu, u8 vector, u32 next_eip);

}  // namespace paemu
