// Making and unmaking tasks and processes, and what the scheduler shares with the rest of proc. For proc only.
#pragma once

#include "proc/task.hpp"

namespace ido {

inline constexpr u32 kStackCanary = 0x1d0c0de5;  // at the bottom of each kernel stack

// A task with a stack, not yet runnable, in all lists. Errno::kNoMem.
Or<Task*> create_task(Process& process, const char* name);
void destroy_task(Task& task);  // it is dead and no longer runs

// A process without threads, in all lists; `pid` is its first thread's tid.
Or<Process*> create_process(Process* parent);
void destroy_process(Process& process);  // a zombie that was waited for

Process& kernel_process_of_boot();
u32 task_count();
u64 tasks_made();  // since boot

void make_runnable(Task& task);  // without counting as woken by a queue
void finish_switch();            // the first thing on a stack that was switched to
void activate_mm(Mm* mm);        // for the exits of the running task
void refresh_context();          // after the running task's own mm, TLS or kind changed

// A program that steps itself made a call by SYSENTER: its TF comes back, with the trap that it is owed.
void settle_step(TrapFrame& frame);
// The last word on a system call that a signal interrupted, when no handler runs.
void settle_restart(TrapFrame& frame);

// The thread ends, or its memory goes: marks the futexes that it holds as of a dead owner, and wakes who waits
// (set_robust_list(2)).
void release_robust_list(Task& task);

// For vfork: the parent sleeps here until the child has its own memory.
struct VforkDone {
  bool done = false;
  WaitQueue queue;
};
void finish_vfork(Process& child);

}  // namespace ido
