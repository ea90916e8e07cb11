// Task switching by TSS (SDM 3A, chapter 7), and what other code reads from the TSS: ring stacks and the I/O bitmap.
#pragma once

#include "cpu/fault.hpp"
#include "cpu/segmentation.hpp"

namespace paemu {

enum class TaskSwitch : u8 { kJump, kCall /* also interrupts through a task gate */, kReturn /* IRET with NT */ };

// Switches to the task whose TSS `selector` names; the TSS descriptor is checked here (SDM 3A, 7.3). next_eip: saved in
// the old task. error_code: pushed on the new stack when not null. kBranch, or kFault: before the switch is committed
// the fault is the old task's, later the new one's.
[[nodiscard]] Outcome switch_task(Cpu& cpu, u16 selector, TaskSwitch kind, u32 next_eip,
                                  const u32* error_code = nullptr, Ext ext = Ext::kClear);

// SS:ESP for `cpl` (0 to 2) from the current TSS. False: cpu.fault is #TS or a page fault.
[[nodiscard]] bool read_tss_stack(Cpu& cpu, u32 cpl, u16& ss, u32& esp, Ext ext = Ext::kClear);

// IN, OUT, INS, OUTS: allowed by CPL <= IOPL, or by the bitmap of the TSS (SDM 1, 18.5)? False: #GP(0) or a page fault.
[[nodiscard]] bool check_io_permission(Cpu& cpu, u32 port, u32 size);

}  // namespace paemu
