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

  // The first five arguments.
  [[gnu::always_inline]] u32 operator[](u32 i) const {
    switch (i) {
      case 0: return frame.ebx;
      case 1: return frame.ecx;
      case 2: return frame.edx;
      case 3: return frame.esi;
      case 4: return frame.edi;
      default: ask_for_the_sixth_by_its_name(); return 0;
    }
  }
  // The sixth: EBP, but after SYSENTER it lies on the user's stack. Errno::kFault. TRY(call.sixth()).
  Or<u32> sixth() const;

 private:
  [[gnu::error("the sixth argument may fault: TRY(call.sixth())")]] static void ask_for_the_sixth_by_its_name();
};

#define SYSCALL(number, name) Or<u32> sys_##name(Call& call);
#define SYSCALL_SAME(number, name)
#include "syscall/table.inc"
#undef SYSCALL
#undef SYSCALL_SAME

// Called by arch on int 0x80 and SYSENTER with the user's frame, interrupts on. Leaves the result or -errno in
// frame.eax; a handler's kRestartSys is settled by signal delivery.
void system_call(TrapFrame& frame);

}  // namespace ido
