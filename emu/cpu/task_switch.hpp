// Task switching by TSS (SDM 3A, chapter 7), and what other code reads from the TSS: ring stacks and the I/O bitmap.
#pragma once

#include "cpu/fault.hpp"
#include "cpu/segmentation.hpp"

namespace paemu {

enum class TaskSwitch : u8 { kJump, kCall /* also interrupts through a task gate */, kReturn /* IRET with NT */ };

// What an interrupt or exception through a task gate adds.
struct TaskInterrupt {
  u32 flags;  // saved in the old task
  bool has_error_code;
  u32 error_code;  // pushed on the new task's stack
  Ext ext;
};

// Switches to the task whose TSS `selector` names; the TSS descriptor is checked here (SDM 3A, 7.3). next_eip: saved in
// the old task. interrupt: null for instructions. kBranch, or kFault: before the switch is committed the fault is the
// old task's, later the new one's.
[[nodiscard]] Outcome switch_task(Cpu& cpu, u16 selector, TaskSwitch kind, u32 next_eip,
                                  const TaskInterrupt* interrupt = nullptr);

// SS:ESP for `cpl` (0 to 2) from the current TSS. False: cpu.fault is #TS or a page fault.
[[nodiscard]] bool read_tss_stack(Cpu& cpu, u32 cpl, u16& ss, u32& esp, Ext ext = Ext::kClear);

// INT n in virtual-8086 mode with CR4.VME: the vector's bit in the software interrupt redirection bitmap, the 32 bytes
// below the I/O bitmap (SDM 3A, 20.3.3). through_idt: it is set. False: #GP(0) when the TSS has no bitmap, or a page
// fault.
[[nodiscard]] bool read_redirection_bit(Cpu& cpu, u8 vector, bool& through_idt);

// IN, OUT, INS, OUTS: allowed by CPL <= IOPL, or by the bitmap of the TSS (SDM 1, 18.5)? False: #GP(0) or a page fault.
[[nodiscard]] bool check_io_permission(Cpu& cpu, u32 port, u32 size);

}  // namespace paemu
