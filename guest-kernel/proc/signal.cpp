// Sending signals and default actions. Handlers' frames are in signal_frame.cpp.
#include "proc/signal.hpp"

#include "arch/interrupts.hpp"
#include "lib/print.hpp"
#include "lib/process.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/scheduler.hpp"
#include "proc/signal_file.hpp"
#include "proc/signal_frame.hpp"
#include "proc/task.hpp"

namespace ido {

namespace {

constexpr i32 kInitPid = 1;
constexpr SignalSet kStops =
    signal_bit(sig::kStop) | signal_bit(sig::kTstp) | signal_bit(sig::kTtin) | signal_bit(sig::kTtou);
constexpr SignalSet kDefaultIgnored =
    signal_bit(sig::kChld) | signal_bit(sig::kCont) | signal_bit(sig::kUrg) | signal_bit(sig::kWinch);
constexpr SignalSet kDumpsCore = signal_bit(sig::kQuit) | signal_bit(sig::kIll) | signal_bit(sig::kTrap) |
                                 signal_bit(sig::kAbrt) | signal_bit(sig::kBus) | signal_bit(sig::kFpe) |
                                 signal_bit(sig::kSegv) | signal_bit(sig::kXCpu) | signal_bit(sig::kXFsz) |
                                 signal_bit(sig::kSys);
constexpr SignalSet kNeverBlocked = signal_bit(sig::kKill) | signal_bit(sig::kStop);

bool ignores(const Process& process, i32 number) {
  const SignalAction& action = process.actions[number - 1];
  if (action.handler == SignalAction::kIgnore) return true;
  return action.handler == SignalAction::kDefault && (signal_bit(number) & kDefaultIgnored);
}

void resume(Process& process) {
  process.stopped = false;
  for (Task& task : process.threads)
    if (task.state == TaskState::kStopped) make_runnable(task);
}

// What sending has to do at once, whatever is blocked or ignored.
void before_sending(Process& process, i32 number) {
  const auto forget = [&](SignalSet set) {
    process.pending &= ~set;
    for (Task& task : process.threads) task.pending &= ~set;
  };
  if (number == sig::kCont) {
    forget(kStops);
    if (process.stopped) {
      process.continued = true;
      if (process.parent != nullptr) process.parent->child_changed.wake_all();
    }
    resume(process);
  } else if (number == sig::kKill) {
    resume(process);
  } else if (signal_bit(number) & kStops) {
    forget(signal_bit(sig::kCont));
  }
}

void rouse(Task& task) {
  if (task.state == TaskState::kInterruptible) make_runnable(task);
}

bool hears(const Task& task, i32 number) { return !(task.blocked & ~task.waited & signal_bit(number)); }

bool blocked_by_all(Process& process, i32 number) {
  for (Task& task : process.threads)
    if (hears(task, number)) return false;
  return true;
}

// Takes the lowest pending signal of `wanted`; 0 when there is none.
i32 take_signal(Task& task, SignalSet wanted, SignalInfo& info) {
  const InterruptGuard guard;
  Process& process = *task.process;
  const SignalSet ready = (task.pending | process.pending) & wanted;
  if (ready == 0) return 0;
  const i32 number = (ready & 0xffffffff) != 0 ? __builtin_ctz(static_cast<u32>(ready)) + 1
                                               : __builtin_ctz(static_cast<u32>(ready >> 32)) + 33;
  const bool own = task.pending & signal_bit(number);
  SignalSet& pending = own ? task.pending : process.pending;
  pending &= ~signal_bit(number);
  info = SignalInfo{.number = number};
  bool more = false;
  if (number <= 32)
    info = own ? task.info[number - 1] : process.info[number - 1];
  else
    (own ? task.queue : process.queue).take(number, info, more);
  if (more) pending |= signal_bit(number);
  info.number = number;
  settle_timer_signal(process, info);
  return number;
}

void stop_process(Task& task, i32 number) {
  Process& process = *task.process;
  const InterruptGuard guard;
  if (!process.stopped) {
    process.stopped = true;
    process.stop_reported = false;
    process.stop_signal = number;
    if (process.parent != nullptr) {
      if (!(process.parent->actions[sig::kChld - 1].flags & SignalAction::kNoChildStop))
        send_signal(*process.parent,
                    {.number = sig::kChld, .code = 5 /* CLD_STOPPED */, .pid = process.pid, .status = number});
      process.parent->child_changed.wake_all();
    }
  }
  while (process.stopped && !process.exiting) {
    task.state = TaskState::kStopped;
    schedule();
  }
}

void default_action(Task& task, i32 number) {
  const SignalSet bit = signal_bit(number);
  if (bit & kDefaultIgnored) return;
  if (task.process->pid == kInitPid) return;
  if ((bit & kStops) && task.trace.tracer != nullptr) {
    trace::stop_for_tracer(static_cast<u32>(number), nullptr);
    return;
  }
  if (bit & kStops) return stop_process(task, number);
  exit_process(number | (bit & kDumpsCore ? 0x80 : 0));
}

// The tracer hears of the signal first, and may change it or take it away. False: there is none to deliver.
bool ask_tracer(Task& task, i32& number, SignalInfo& info) {
  const i32 wanted = trace::stop_for_tracer(static_cast<u32>(number), &info);
  if (task.trace.tracer == nullptr && wanted == 0 && task.process->exiting) return false;
  if (wanted == 0) return false;
  info = wanted == number ? task.trace.info : SignalInfo{.number = wanted, .pid = current_process().parent->pid};
  number = info.number = wanted;
  if (!(task.blocked & signal_bit(number))) return true;
  send_thread_signal(task, info);  // it is blocked: later
  return false;
}

}  // namespace

bool signal_deliverable(const Task& task) {
  if (task.trace.interrupted) return true;
  if (task.process->exiting || task.leaving) return true;
  return ((task.pending | task.process->pending) & (~task.blocked | task.waited)) != 0;
}

bool signal_is_pending(Process& process, i32 number) {
  SignalSet pending = process.pending;
  for (const Task& task : process.threads) pending |= task.pending;
  return pending & signal_bit(number);
}

void send_signal(Process& process, const SignalInfo& info, QueuedSignal* own) {
  const InterruptGuard guard;
  request_user_return_work();
  const i32 number = info.number;
  if (process.zombie || process.threads.empty()) return;
  before_sending(process, number);
  bool waited = false;
  for (Task& task : process.threads) waited = waited || (task.waited & signal_bit(number));
  const bool traced = process.first_thread()->trace.tracer != nullptr;  // its tracer hears of ignored ones too
  if (ignores(process, number) && !traced && !waited && !blocked_by_all(process, number)) return;
  // A standard signal that is pending already stays what it is.
  if (number > 32)
    process.queue.add(info, own);
  else if (!(process.pending & signal_bit(number)))
    process.info[number - 1] = info;
  process.pending |= signal_bit(number);
  notify_signal_files();
  for (Task& task : process.threads)
    if (hears(task, number)) rouse(task);
}

void send_thread_signal(Task& task, const SignalInfo& info, QueuedSignal* own) {
  const InterruptGuard guard;
  request_user_return_work();
  before_sending(*task.process, info.number);
  const bool is_blocked = task.blocked & signal_bit(info.number);
  if (ignores(*task.process, info.number) && task.trace.tracer == nullptr && !is_blocked &&
      !(task.waited & signal_bit(info.number)))
    return;
  if (info.number > 32)
    task.queue.add(info, own);
  else if (!(task.pending & signal_bit(info.number)) || info.is_fault())
    task.info[info.number - 1] = info;
  task.pending |= signal_bit(info.number);
  notify_signal_files();
  if (hears(task, info.number)) rouse(task);
}

void force_signal(const SignalInfo& info) {
  Task& task = *current();
  SignalAction& action = task.process->actions[info.number - 1];
  const bool is_blocked = task.blocked & signal_bit(info.number);
  if (is_blocked || action.handler == SignalAction::kIgnore) {
    action = {};
    task.blocked &= ~signal_bit(info.number);
  }
  // Even the first process may not run on after a fault.
  if (action.handler == SignalAction::kDefault && task.process->pid == kInitPid)
    panic("init got signal %d at address %08x, eip %08x", info.number, info.address, task.user_frame().eip);
  send_thread_signal(task, info);
}

Or<SignalInfo> wait_signal(SignalSet set, u64 nanoseconds) {
  Task& task = *current();
  SignalInfo info;
  task.waited = set & ~kNeverBlocked;
  i32 number = take_signal(task, task.waited, info);
  Errno reason = Errno::kAgain;
  if (number == 0 && nanoseconds != 0) {
    auto slept = sleep_interruptible_for(nanoseconds);
    number = take_signal(task, task.waited, info);
    if (!slept && slept.error() == Errno::kIntr) reason = Errno::kIntr;
  }
  task.waited = 0;
  if (number == 0) return fail(reason);
  return info;
}

void set_blocked(Task& task, SignalSet blocked) {
  task.blocked = blocked & ~kNeverBlocked;
  request_user_return_work();
}

void block_during_call(Task& task, SignalSet blocked) {
  task.restore_blocked = task.blocked;
  task.restore_blocked_set = true;
  set_blocked(task, blocked);
}

void deliver_signals(TrapFrame& frame) {
  Task& task = *current();
  Process& process = *task.process;
  for (;;) {
    if (process.exiting) exit_thread(process.wait_status);
    if (task.leaving) exit_thread(0);
    SignalInfo info;
    i32 number = take_signal(task, ~task.blocked, info);
    if (number == 0) return;
    if (task.trace.tracer != nullptr && number != sig::kKill && !ask_tracer(task, number, info)) continue;
    SignalAction& action = process.actions[number - 1];
    if (action.handler == SignalAction::kIgnore) continue;
    if (action.handler == SignalAction::kDefault) {
      default_action(task, number);
      continue;
    }
    const SignalAction taken = action;
    if (taken.flags & SignalAction::kResetHand) action = {};
    if (!push_signal_frame(task, frame, taken, info)) exit_process(sig::kSegv | 0x80);
    SignalSet blocked = task.blocked | taken.mask;
    if (!(taken.flags & SignalAction::kNoDefer)) blocked |= signal_bit(number);
    set_blocked(task, blocked);
  }
}

void settle_step(TrapFrame& frame) {
  Task& task = *current();
  const bool into_call = task.stepped_into_call;
  task.stepped_into_call = false;
  if (!into_call && !task.trace.step) return;
  if (!frame.in_system_call()) return;  // a new program, or a handler's end
  if (into_call) frame.eflags |= eflags::kTrap;
  force_signal({.number = sig::kTrap, .code = 2 /* TRAP_TRACE */, .address = frame.eip});
  if (wants_restart(frame)) return;
  fetch_ebp(frame);
  frame.vector = 0;  // the call is over: what the tracer does next is not a step over it again
}

void settle_restart(TrapFrame& frame) {
  Task& task = *current();
  if (task.restore_blocked_set) {
    task.restore_blocked_set = false;
    set_blocked(task, task.restore_blocked);
  }
  if (!wants_restart(frame)) return;
  restart_system_call(frame);
}

// --- lib/process.hpp

i32 current_process_id() { return current_process().pid; }
i32 current_process_group() { return current_process().group; }
i32 current_session() { return current_process().session; }
bool signal_is_pending() { return signal_deliverable(*current()); }
void signal_current(i32 signal) { send_thread_signal(*current(), {.number = signal}); }

void signal_process_group(i32 group, i32 signal) {
  for (Process& process : all_processes())
    if (process.group == group) send_signal(process, {.number = signal, .code = 0x80 /* SI_KERNEL */});
}

}  // namespace ido
