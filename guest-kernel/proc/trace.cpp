#include "proc/trace.hpp"

#include "arch/cpu.hpp"
#include "arch/interrupts.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/scheduler.hpp"
#include "proc/signal_frame.hpp"
#include "proc/task.hpp"

namespace ido::trace {

namespace {

constexpr i32 kTrapped = 4;  // CLD_TRAPPED

bool being_killed(const Task& task) {
  const SignalSet kill = signal_bit(sig::kKill);
  return task.process->exiting || task.leaving || ((task.pending | task.process->pending) & kill) != 0;
}

void tell_tracer(Task& task) {
  Process& tracer = *task.trace.tracer;
  if (!(tracer.actions[sig::kChld - 1].flags & SignalAction::kNoChildStop))
    send_signal(tracer, {.number = sig::kChld,
                         .code = kTrapped,
                         .pid = task.tid,
                         .status = static_cast<i32>(task.trace.status & 0x7f)});
  tracer.child_changed.wake_all();
}

void clear_step(Task& task) {
  if (!task.trace.step) return;
  task.trace.step = false;
  task.user_frame().eflags &= ~eflags::kTrap;
}

}  // namespace

i32 stop_for_tracer(u32 status, const SignalInfo* info, u32 message) {
  Task& task = *current();
  State& s = task.trace;
  if (s.tracer == nullptr || being_killed(task)) return 0;
  fetch_ebp(task.user_frame());
  clear_step(task);
  const InterruptGuard guard;
  s.status = status;
  s.message = message;
  s.has_info = info != nullptr;
  if (info != nullptr) s.info = *info;
  s.signal = 0;
  s.calls = s.reported = s.interrupted = false;
  s.stopped = true;
  tell_tracer(task);
  while (s.stopped && s.tracer != nullptr && !being_killed(task)) {
    task.state = TaskState::kStopped;
    schedule();
  }
  s.stopped = false;
  request_user_return_work();
  return being_killed(task) ? 0 : s.signal;
}

void report_event(u32 event, u32 message) {
  const State& s = current()->trace;
  if (s.tracer != nullptr && (s.options & (1u << event))) stop_for_tracer(sig::kTrap | event << 8, nullptr, message);
}

void go_on(Task& task, i32 signal, bool detach) {
  const InterruptGuard guard;
  State& s = task.trace;
  s.signal = signal;
  s.stopped = false;
  if (detach) {
    --s.tracer->traced_count;
    s = State{.signal = signal};
  }
  if (task.state == TaskState::kStopped) make_runnable(task);
}

void interrupt(Task& task) {
  const InterruptGuard guard;
  task.trace.interrupted = true;
  if (task.state == TaskState::kInterruptible) make_runnable(task);
}

void attach(Task& task, Process& tracer, u32 options, bool seized) {
  task.trace = State{.tracer = &tracer, .options = options, .seized = seized};
  ++tracer.traced_count;
}

void inherit(Task& child, const Task& parent, u32 event) {
  const State& s = parent.trace;
  if (s.tracer == nullptr || !(s.options & (1u << event))) return;
  attach(child, *s.tracer, s.options, s.seized);
  if (s.seized)
    child.trace.interrupted = true;
  else
    send_thread_signal(child, {.number = sig::kStop});
}

void tracer_ends(Process& tracer) {
  if (tracer.traced_count == 0) return;
  for (Task& task : all_tasks()) {
    if (task.trace.tracer != &tracer) continue;
    const bool kill = task.trace.options & option::kExitKill;
    clear_step(task);
    go_on(task, 0, true);
    if (kill) send_signal(*task.process, {.number = sig::kKill});
  }
}

void report_end(i32 wait_status, bool process_ends) {
  Task& task = *current();
  Process* tracer = task.trace.tracer;
  if (tracer == nullptr) return;
  const InterruptGuard guard;
  --tracer->traced_count;
  task.trace.tracer = nullptr;
  if (process_ends && tracer == task.process->parent) return;
  (void)tracer->exit_notes.push({task.tid, wait_status});  // without memory for it, waiting says that it is gone
  tracer->child_changed.wake_all();
}

namespace {
bool names(Process& tracer, i32 pid, i32 tid, const Process* process) {
  if (pid == -1 || pid == tid) return true;
  if (process == nullptr || pid > 0) return false;
  return process->group == (pid == 0 ? tracer.group : -pid);
}
}  // namespace

bool find_report(Process& tracer, i32 pid, bool keep, i32& tid, i32& wait_status) {
  for (u32 i = 0; i < tracer.exit_notes.size(); ++i) {
    const ExitNote note = tracer.exit_notes[i];
    if (!names(tracer, pid, note.tid, nullptr)) continue;
    tid = note.tid, wait_status = note.wait_status;
    if (!keep) tracer.exit_notes.erase(i);
    return true;
  }
  if (tracer.traced_count == 0) return false;
  for (Task& task : all_tasks()) {
    if (task.trace.tracer != &tracer || !task.trace.stopped || task.trace.reported) continue;
    if (!names(tracer, pid, task.tid, task.process)) continue;
    task.trace.reported = !keep;
    tid = task.tid, wait_status = static_cast<i32>(task.trace.status << 8 | 0x7f);
    return true;
  }
  return false;
}

bool traces_any(Process& tracer, i32 pid) {
  if (tracer.traced_count == 0) return false;
  for (Task& task : all_tasks())
    if (task.trace.tracer == &tracer && names(tracer, pid, task.tid, task.process)) return true;
  return false;
}

}  // namespace ido::trace
