// The x87 and SSE state of user programs: in the processor it is the state of at most one task, the owner. The kernel
// itself uses no FPU, so nothing is saved until another user task runs.
#pragma once

#include "proc/task.hpp"

namespace ido::fpu {

void switch_to(Task& task);  // before `task` returns to user mode
void reset(Task& task);      // exec: the state of a new program
void save(Task& task);       // brings task.fpu up to date
void reload(Task& task);     // task.fpu was changed; MXCSR's reserved bits are cleared first
// Which exception is pending, as si_code of SIGFPE (FPE_FLTDIV and kin).
enum class Unit : u8 { kX87, kSse };
i32 fault_code(Task& task, Unit unit);
void forget(const Task& task);  // the task is going away

}  // namespace ido::fpu
