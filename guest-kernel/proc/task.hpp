// Process: what threads share (memory, files, family, signal actions). Task: one thread of control, the thing that the
// scheduler runs. A kernel thread is a Task of a Process without memory.
//
// Invariants: a Process lives from fork until its parent has waited for it; its `threads` are empty once it is a
// zombie. `children` are linked through `sibling`. The real top of a task's kernel stack holds its user TrapFrame; the
// same pages are seen through the trampoline's stack window while the task runs (4G/4G).
//
// Who may use it: proc and syscall. The folders below ask through lib/process.hpp and lib/thread.hpp.
#pragma once

#include "arch/interrupts.hpp"
#include "arch/layout.hpp"
#include "base/intrusive_list.hpp"
#include "fs/vfs.hpp"
#include "lib/credentials.hpp"
#include "lib/limits.hpp"
#include "lib/lock_order.hpp"
#include "lib/ref.hpp"
#include "lib/thread.hpp"
#include "lib/vector.hpp"
#include "lib/wait.hpp"
#include "proc/ldt.hpp"
#include "proc/posix_timer.hpp"
#include "proc/signal.hpp"
#include "proc/signal_queue.hpp"
#include "proc/timer.hpp"
#include "proc/trace.hpp"

namespace ido {

class Mm;  // mm/mm.hpp

enum class TaskState : u8 {
  kRunnable,       // on the run queue, or running
  kSleeping,       // until woken
  kInterruptible,  // until woken or signalled
  kStopped,        // by SIGSTOP and its kin, until SIGCONT
  kDead,           // has left; its stack waits to be freed
};

struct alignas(16) FpuState {
  u8 image[512];  // FXSAVE (SDM 1, 10.5.1)
};

struct Task {
  FpuState fpu;
  i32 tid = 0;
  char name[16] = {};  // the program's, as /proc/PID/comm shows it
  TaskState state = TaskState::kRunnable;
  bool woken = false;             // since it last prepared to sleep
  bool leaving = false;           // it alone is to exit: another thread executes a new program
  bool uses_user_memory = false;  // returns to user mode: has FPU state and page tables to load
  i8 nice = 0;                    // kept and told, like the next two: one queue is fair to all
  u8 policy = 0;                  // SCHED_OTHER
  u8 priority = 0;                // of the real-time policies
  u32 slice_ticks = 0;            // left of its turn
  u32 fault_address = 0;          // of its last page fault
  Process* process = nullptr;
  void* stack = nullptr;           // kKernelStackSize bytes, direct map; a canary at its bottom
  u32 saved_esp = 0;               // while it does not run
  u64 user_ns = 0, system_ns = 0;  // processor time
  u64 tls[3] = {};                 // GDT descriptors of set_thread_area
  u32 clear_tid_address = 0;       // user address, 0: none (CLONE_CHILD_CLEARTID, set_tid_address)
  u32 robust_list = 0;             // user address

  HeldLocks locks;

  SignalSet blocked = 0;
  SignalSet pending = 0;          // to this thread alone
  SignalSet waited = 0;           // what sigtimedwait is waiting for, blocked or not
  SignalSet restore_blocked = 0;  // mask to go back to after sigsuspend, valid with restore_blocked_set
  bool restore_blocked_set = false;
  bool stepped_into_call = false;                     // TF was set at SYSENTER, which is no place to keep it
  SignalInfo info[32] = {};                           // of pending standard signals, index: number - 1
  SignalQueue queue;                                  // of the others
  u32 alternate_stack = 0, alternate_stack_size = 0;  // sigaltstack, bytes; size 0: none

  trace::State trace;

  ListNode run_node;     // run queue
  ListNode thread_node;  // Process::threads
  ListNode all_node;     // every task

  TrapFrame& user_frame() const {
    return *reinterpret_cast<TrapFrame*>(static_cast<u8*>(stack) + layout::kKernelStackSize - sizeof(TrapFrame));
  }
};

// The end of a traced thread, for a tracer that is not its parent or of a thread that is not its process's last.
struct ExitNote {
  i32 tid;
  i32 wait_status;
};

// An interval timer that counts processor time, by ticks.
struct CpuTimer {
  u64 left_ns = 0;  // 0: not armed
  u64 interval_ns = 0;
  // True when it expires with `ns` more.
  bool count(u64 ns) {
    if (left_ns == 0) return false;
    if (left_ns > ns) {
      left_ns -= ns;
      return false;
    }
    left_ns = interval_ns;
    return true;
  }
};

struct Process {
  i32 pid = 0;
  i32 group = 0;
  i32 session = 0;
  Process* parent = nullptr;  // nullptr: the kernel's first
  bool zombie = false;
  bool stopped = false;
  bool stop_reported = false;    // to wait4(WUNTRACED)
  bool continued = false;        // not yet reported to wait4(WCONTINUED)
  bool exiting = false;          // every thread is to leave
  bool has_executed = false;     // since fork: setpgid by the parent is over
  i32 exit_signal = sig::kChld;  // to the parent
  i32 parent_death_signal = 0;   // prctl(PR_SET_PDEATHSIG); 0: none
  i32 wait_status = 0;           // how wait4 reports the end: exit code << 8, or the signal that killed
  i32 stop_signal = 0;

  Mm* mm = nullptr;                   // nullptr: kernel thread, or already gone
  Ref<fs::FileTable> files;           // null: kernel thread, or already gone
  Ref<LocalSegments> local_segments;  // null: no LDT
  Ref<fs::Dentry> directory;          // working directory
  Ref<fs::Dentry> root;               // where absolute paths start (chroot); null: the system's root
  Ref<fs::Dentry> program;            // the file that it executes; null: kernel thread
  u32 umask = 022;
  Credentials credentials;
  char last_name[16] = {};  // of its last thread, for who looks at the zombie
  Limits limits;
  i32 oom_adjustment = 0;  // -1000 (never) to 1000 (first): how soon the out-of-memory killer takes it
  SignalAction actions[sig::kCount];
  SignalSet pending = 0;  // to any thread
  SignalInfo info[32] = {};
  SignalQueue queue;
  IntrusiveList<PosixTimer, &PosixTimer::node> posix_timers;
  Timer alarm;  // ITIMER_REAL
  u64 alarm_interval_ns = 0;
  CpuTimer virtual_timer, profiling_timer;  // ITIMER_VIRTUAL, ITIMER_PROF
  u64 start_ns = 0;
  u64 dead_user_ns = 0, dead_system_ns = 0;          // of its threads that ended
  u64 children_user_ns = 0, children_system_ns = 0;  // of children waited for
  WaitQueue child_changed;                           // wait4 sleeps here
  struct VforkDone* vfork_done = nullptr;            // what the parent of a vfork waits for, until exec or exit
  u32 thread_count = 0;
  u32 traced_count = 0;         // of threads that it traces
  Vector<ExitNote> exit_notes;  // threads that it traced and that have ended, not yet waited for

  ListNode all_node;
  ListNode sibling;
  IntrusiveList<Process, &Process::sibling> children;
  IntrusiveList<Task, &Task::thread_node> threads;

  Task* first_thread() { return threads.front(); }
};

using ProcessList = IntrusiveList<Process, &Process::all_node>;
ProcessList& all_processes();
using TaskList = IntrusiveList<Task, &Task::all_node>;
TaskList& all_tasks();
Process* find_process(i32 pid);
Task* find_task(i32 tid);

inline Process& current_process() { return *current()->process; }

}  // namespace ido
