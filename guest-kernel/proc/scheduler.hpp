// The scheduler: one processor, round robin among the runnable, an idle task that halts. The kernel is not preemptive:
// switches happen in schedule(), which sleeping, yielding and the return to user mode call.
#pragma once

#include "lib/errno.hpp"

namespace ido {

struct Task;
struct TrapFrame;

// Makes the running code the idle task, "swapper", and lets threads be made.
void init_scheduler();
// The idle loop: the last call of the boot code.
[[noreturn]] void idle();

// Switches to the next runnable task. The running task goes on later if it is kRunnable.
void schedule();
// Makes a sleeping task runnable. Safe in interrupt handlers.
void wake(Task& task);

// How many tasks could run, and the load averages, in 1/65536 (/proc/loadavg).
struct Load {
  u32 averages[3];  // over 1, 5 and 15 minutes
  u32 runnable;
  u32 tasks;
};
Load load();

u64 context_switches();  // since boot

// Nanoseconds that the idle task has had.
u64 idle_ns();

}  // namespace ido
