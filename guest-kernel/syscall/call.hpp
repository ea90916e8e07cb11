// A system call in progress, and the handlers' form. The table is syscall/table.inc.
//
// How to add one: a row in table.inc; a function `Or<u32> sys_NAME(Call& call)` in the file of its family. That is all:
// the declarations and the dispatch are made from the table.
#pragma once

#include "arch/interrupts.hpp"
#include "lib/errno.hpp"
#include "proc/task.hpp"

namespace ido {

struct Call {
  Task& task;
  TrapFrame& frame;
  u32 number;
  // Arguments in order: EBX, ECX, EDX, ESI, EDI, EBP.
  u32 argument[6];

  u32 operator[](u32 i) const { return argument[i]; }
};

#define SYSCALL(number, name) Or<u32> sys_##name(Call& call);
#define SYSCALL_SAME(number, name)
#include "syscall/table.inc"
#undef SYSCALL
#undef SYSCALL_SAME

// Called by arch on int 0x80 with the user's frame, interrupts on. Leaves the result or -errno in frame.eax; a
// handler's kRestartSys is settled by signal delivery.
void system_call(TrapFrame& frame);

}  // namespace ido
