// Kernel stacks: which one the trampoline's window shows, and changing from one to another. For proc.
#pragma once

#include "arch/interrupts.hpp"
#include "arch/paging.hpp"

extern "C" {
// Saves the callee-saved registers and ESP of the running code, and goes on where `load_esp` was saved.
void switch_stacks(base::u32* save_esp, base::u32 load_esp);
// Where a new task's first switch returns to, see arch/switch.S.
void thread_entry();
void fork_entry();
[[noreturn]] void enter_user(ido::TrapFrame* frame);
}

namespace ido {

// Before a task can enter from user mode: shows its stack (kKernelStackSize bytes, page aligned, direct map) in the
// virtual stack window (3G/1G: names its top to the processor), and has exits load `tables` (3G/1G: loads them).
void show_stack(void* stack);
void set_user_tables(const UserPageTable* tables);
extern u32 user_cr3;  // what the next exit to user mode loads (4G/4G)

// A frame at the real top of `stack` as an entry from user mode would leave it: flat user segments, zeroed registers,
// interrupts on.
TrapFrame* make_user_frame(void* stack, u32 eip, u32 esp);

// The flat user segments in CS, SS, DS and ES of a frame.
void set_flat_segments(TrapFrame& frame);

// The stack contents with which the first switch_stacks() to a new task goes to `entry`, below the place of the user's
// TrapFrame. Returns its ESP. The two words arrive in EBX and ESI.
u32 make_first_switch(void* stack, void (*entry)(), u32 ebx, u32 esi);

}  // namespace ido
