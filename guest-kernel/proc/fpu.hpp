// The x87 and SSE state of user programs: in the processor it is the state of at most one task, the owner. The kernel
// itself uses no FPU, so nothing is saved until another user task runs.
#pragma once

#include "proc/task.hpp"

namespace ido {

// user_fpregs_struct (asm/user_32.h): the x87 state as FNSAVE leaves it, one word a field.
struct UserFpRegisters {
  u32 control, status, tags, instruction, instruction_selector, data, data_selector;
  u8 stack[80];
};
static_assert(sizeof(UserFpRegisters) == 108);

}  // namespace ido

namespace ido::fpu {

void switch_to(Task& task);  // before `task` returns to user mode
void reset(Task& task);      // exec: the state of a new program
void save(Task& task);       // brings task.fpu up to date
void reload(Task& task);     // task.fpu was changed; MXCSR's reserved bits are cleared first
// Which exception is pending, as si_code of SIGFPE (FPE_FLTDIV and kin).
enum class Unit : u8 { kX87, kSse };
i32 fault_code(Task& task, Unit unit);
// The x87 part in its old form, made from and put into task.fpu.
UserFpRegisters classic_image(Task& task);
void set_classic_image(Task& task, const UserFpRegisters& registers);
void forget(const Task& task);  // the task is going away

}  // namespace ido::fpu
