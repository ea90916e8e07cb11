// The end of threads and processes, and waiting for it.
#include "arch/interrupts.hpp"
#include "lib/print.hpp"
#include "lib/process.hpp"
#include "lib/string.hpp"
#include "mm/mm.hpp"
#include "mm/uaccess.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/scheduler.hpp"

namespace ido {

namespace {

constexpr i32 kExited = 1, kKilled = 2, kDumped = 3;  // CLD_ codes of SIGCHLD

// Children of a process that ends go to init; of init itself, to the kernel.
void give_away_children(Process& process) {
  Process* heir = find_process(1);
  if (heir == nullptr || heir == &process || heir->zombie) heir = &kernel_process_of_boot();
  while (Process* child = process.children.pop_front()) {
    child->parent = heir;
    if (child->parent_death_signal != 0) send_signal(*child, {.number = child->parent_death_signal});
    heir->children.push_back(*child);
    if (child->zombie) heir->child_changed.wake_all();
  }
}

void release_memory(Process& process) {
  Mm* mm = process.mm;
  process.mm = nullptr;
  if (mm == nullptr) return;
  activate_mm(nullptr);
  finish_vfork(process);
  mm->put();
}

// True when nobody will wait: the process goes away by itself.
bool nobody_waits(const Process& process) {
  const Process* parent = process.parent;
  if (parent == &kernel_process_of_boot()) return true;
  const SignalAction& action = parent->actions[sig::kChld - 1];
  return process.exit_signal == sig::kChld &&
         (action.handler == SignalAction::kIgnore || (action.flags & SignalAction::kNoChildWait));
}

void tell_parent(Process& process) {
  const i32 status = process.wait_status;
  const i32 signal = status & 0x7f;
  SignalInfo info{.number = process.exit_signal,
                  .code = signal == 0     ? kExited
                          : status & 0x80 ? kDumped
                                          : kKilled,
                  .pid = process.pid,
                  .status = signal == 0 ? status >> 8 : signal};
  if (process.exit_signal != 0) send_signal(*process.parent, info);
  process.parent->child_changed.wake_all();
}

void clear_tid(Task& task) {
  if (task.clear_tid_address == 0 || task.process->mm == nullptr) return;
  (void)put_user(task.clear_tid_address, u32{0});
  futex_wake_one(task.process->mm, task.clear_tid_address);
}

// The last thread leaves: everything goes but the Process itself.
void end_process(Process& process) {
  if (process.pid == 1) panic("init ended with wait status %04x", process.wait_status);
  stop_timer(process.alarm);
  delete_posix_timers(process);
  trace::tracer_ends(process);
  if (process.session == process.pid) end_terminal_session(process.session);
  release_memory(process);
  process.local_segments = {};
  process.files = {};
  process.directory = {};
  process.root = {};
  process.program = {};
  give_away_children(process);
}

}  // namespace

void exit_thread(i32 wait_status) {
  Task& task = *current();
  Process& process = *task.process;
  if (!process.exiting) trace::report_event(trace::event::kExit, static_cast<u32>(wait_status));
  if (process.mm != nullptr) release_robust_list(task);
  clear_tid(task);
  const bool last = process.thread_count == 1;
  trace::report_end(process.exiting ? process.wait_status : wait_status, last);
  if (last) {
    if (!process.exiting) process.wait_status = wait_status;
    process.exiting = true;
    memcpy(process.last_name, task.name, sizeof process.last_name);
    end_process(process);
  }
  asm volatile("cli" : : : "memory");
  process.dead_user_ns += task.user_ns;
  process.dead_system_ns += task.system_ns;
  process.threads.remove(task);
  --process.thread_count;
  if (last) {
    process.zombie = true;
    if (nobody_waits(process)) {
      process.parent->child_changed.wake_all();
      destroy_process(process);
      task.process = &kernel_process_of_boot();
    } else {
      tell_parent(process);
    }
  } else {
    process.child_changed.wake_all();  // exec waits to be the only thread
  }
  task.uses_user_memory = false;
  task.state = TaskState::kDead;
  schedule();
  panic("a dead task runs");
}

void exit_process(i32 wait_status) {
  Process& process = current_process();
  trace::report_event(trace::event::kExit, static_cast<u32>(wait_status));
  if (!process.exiting) {
    process.exiting = true;
    process.wait_status = wait_status;
    for (Task& task : process.threads)
      if (task.state == TaskState::kInterruptible || task.state == TaskState::kStopped) make_runnable(task);
  }
  exit_thread(wait_status);
}

Or<WaitResult> wait_child(i32 pid, u32 flags) {
  Process& self = current_process();
  for (;;) {
    if (WaitResult r; trace::find_report(self, pid, flags & wait_flag::kNoReap, r.pid, r.wait_status)) return r;
    bool any = trace::traces_any(self, pid);
    for (Process& child : self.children) {
      const bool wanted = pid == -1 || (pid > 0 && child.pid == pid) || (pid == 0 && child.group == self.group) ||
                          (pid < -1 && child.group == -pid);
      if (!wanted) continue;
      any = true;
      if (child.first_thread() != nullptr && child.first_thread()->trace.tracer != nullptr) continue;
      if (child.zombie) {
        if (flags & wait_flag::kNotExited) continue;
        WaitResult result{child.pid, child.wait_status, child.dead_user_ns, child.dead_system_ns};
        if (flags & wait_flag::kNoReap) return result;
        self.children_user_ns += child.dead_user_ns + child.children_user_ns;
        self.children_system_ns += child.dead_system_ns + child.children_system_ns;
        destroy_process(child);
        return result;
      }
      if (child.stopped && !child.stop_reported && (flags & wait_flag::kUntraced)) {
        child.stop_reported = !(flags & wait_flag::kNoReap);
        return WaitResult{child.pid, child.stop_signal << 8 | 0x7f};
      }
      if (child.continued && (flags & wait_flag::kContinued)) {
        child.continued = flags & wait_flag::kNoReap;
        return WaitResult{child.pid, 0xffff};
      }
    }
    if (!any) return fail(Errno::kChild);
    if (flags & wait_flag::kNoHang) return WaitResult{};
    TRY(self.child_changed.wait_interruptible());
  }
}

}  // namespace ido
