// Signals: actions, masks, sending, waiting, and the interval timer.
#include "arch/interrupts.hpp"
#include "arch/time.hpp"
#include "proc/signal_frame.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kSetSize = sizeof(SignalSet);

Or<i32> number_of(u32 argument) {
  if (argument == 0 || argument > static_cast<u32>(sig::kCount)) return fail(Errno::kInval);
  return static_cast<i32>(argument);
}

u32 sender(Call& call) { return call.task.process->credentials.user.real; }

// kill(2): the superuser, or the same real or effective user as the target's real or saved one; SIGCONT in the session.
Or<> permit(Call& call, const Process& target, i32 number) {
  const Credentials& who = call.task.process->credentials;
  const Identity& id = target.credentials.user;
  const auto is_targets = [&](u32 user) { return user == id.real || user == id.saved; };
  if (who.privileged() || is_targets(who.user.real) || is_targets(who.user.effective)) return {};
  if (number == sig::kCont && call.task.process->session == target.session) return {};
  return fail(Errno::kPerm);
}

// Signal 0 only asks whether the target exists.
Or<u32> send_to(Call& call, Process& process, u32 signal) {
  if (signal == 0) return 0;
  const i32 number = TRY(number_of(signal));
  TRY(permit(call, process, number));
  send_signal(process, {.number = number, .pid = call.task.process->pid, .user = sender(call)});
  return 0;
}

// Processes of the user's: not the kernel's threads.
bool can_be_sent(const Process& process) { return process.mm != nullptr || process.zombie; }

Or<u32> send_to_thread(Call& call, u32 group, u32 tid, u32 signal) {
  Task* task = find_task(static_cast<i32>(tid));
  if (task == nullptr || task->process->mm == nullptr) return fail(Errno::kSrch);
  if (group != 0 && task->process->pid != static_cast<i32>(group)) return fail(Errno::kSrch);
  if (signal == 0) return 0;
  constexpr i32 kByTkill = -6;  // SI_TKILL
  const i32 number = TRY(number_of(signal));
  TRY(permit(call, *task->process, number));
  send_thread_signal(*task, {.number = number, .code = kByTkill, .pid = call.task.process->pid, .user = sender(call)});
  return 0;
}

}  // namespace

Or<u32> sys_rt_sigaction(Call& call) {
  const i32 number = TRY(number_of(call[0]));
  if (call[3] != kSetSize) return fail(Errno::kInval);
  SignalAction& action = call.task.process->actions[number - 1];
  const SignalAction old = action;
  if (call[1] != 0) {
    if (number == sig::kKill || number == sig::kStop) return fail(Errno::kInval);
    action = TRY(get_user<SignalAction>(call[1]));
  }
  if (call[2] != 0) TRY(put_user(call[2], old));
  return 0;
}

Or<u32> sys_rt_sigprocmask(Call& call) {
  constexpr u32 kBlock = 0, kUnblock = 1, kSetMask = 2;
  if (call[3] != kSetSize) return fail(Errno::kInval);
  const SignalSet old = call.task.blocked;
  if (call[1] != 0) {
    const auto set = TRY(get_user<SignalSet>(call[1]));
    if (call[0] == kBlock)
      set_blocked(call.task, old | set);
    else if (call[0] == kUnblock)
      set_blocked(call.task, old & ~set);
    else if (call[0] == kSetMask)
      set_blocked(call.task, set);
    else
      return fail(Errno::kInval);
  }
  if (call[2] != 0) TRY(put_user(call[2], old));
  return 0;
}

Or<u32> sys_rt_sigpending(Call& call) {
  const SignalSet pending = (call.task.pending | call.task.process->pending) & call.task.blocked;
  TRY(copy_to_user(call[0], &pending, call[1] < kSetSize ? call[1] : kSetSize));
  return 0;
}

Or<u32> sys_rt_sigsuspend(Call& call) {
  if (call[1] != kSetSize) return fail(Errno::kInval);
  const auto mask = TRY(get_user<SignalSet>(call[0]));
  block_during_call(call.task, mask);  // the handler's frame gets the old mask, so that its end restores it
  while (!signal_deliverable(call.task)) (void)sleep_interruptible_for(kForever);
  return fail(Errno::kRestartNoHandler);
}

namespace {
Or<u32> wait_for_signal(Call& call, u64 timeout_ns) {
  if (call[3] != kSetSize) return fail(Errno::kInval);
  const auto set = TRY(get_user<SignalSet>(call[0]));
  const SignalInfo info = TRY(wait_signal(set, timeout_ns));
  if (call[1] != 0) TRY(put_user(call[1], user_info(info)));
  return static_cast<u32>(info.number);
}
}  // namespace
Or<u32> sys_rt_sigtimedwait(Call& call) {
  return wait_for_signal(call, call[2] == 0 ? kForever : TRY(timespec32_from_user(call[2])));
}
Or<u32> sys_rt_sigtimedwait_time64(Call& call) {
  return wait_for_signal(call, call[2] == 0 ? kForever : TRY(timespec64_from_user(call[2])));
}

Or<u32> sys_pause(Call& call) {
  while (!signal_deliverable(call.task)) (void)sleep_interruptible_for(kForever);
  return fail(Errno::kRestartNoHandler);
}

Or<u32> sys_sigreturn(Call& call) {
  TRY(pop_signal_frame(call.task, call.frame, FrameKind::kPlain));
  return call.frame.eax;
}
Or<u32> sys_rt_sigreturn(Call& call) {
  TRY(pop_signal_frame(call.task, call.frame, FrameKind::kRealTime));
  return call.frame.eax;
}

Or<u32> sys_sigaltstack(Call& call) {
  struct Stack {
    u32 base, flags, size;
  };
  constexpr u32 kOnStack = 1, kDisable = 2, kSmallest = 2048;
  Task& task = call.task;
  const bool inside =
      task.alternate_stack_size != 0 && call.frame.esp - task.alternate_stack - 1 < task.alternate_stack_size;
  const Stack old{task.alternate_stack,
                  task.alternate_stack_size == 0 ? kDisable
                  : inside                       ? kOnStack
                                                 : 0,
                  task.alternate_stack_size};
  if (call[0] != 0) {
    const auto wanted = TRY(get_user<Stack>(call[0]));
    if (inside) return fail(Errno::kPerm);
    if (!(wanted.flags & kDisable) && wanted.size < kSmallest) return fail(Errno::kNoMem);
    task.alternate_stack = wanted.flags & kDisable ? 0 : wanted.base;
    task.alternate_stack_size = wanted.flags & kDisable ? 0 : wanted.size;
  }
  if (call[1] != 0) TRY(put_user(call[1], old));
  return 0;
}

// kill(2): a process, the caller's group (0), everyone (-1), or group -pid.
Or<u32> sys_kill(Call& call) {
  const i32 pid = static_cast<i32>(call[0]);
  if (call[1] != 0) TRY(number_of(call[1]));
  if (pid > 0) {
    Process* process = find_process(pid);
    if (process == nullptr || !can_be_sent(*process)) return fail(Errno::kSrch);
    return send_to(call, *process, call[1]);
  }
  const i32 group = pid == 0 ? call.task.process->group : -pid;
  bool any = false;
  for (Process& process : all_processes()) {
    const bool wanted = pid == -1 ? process.pid > 1 && &process != call.task.process : process.group == group;
    if (!wanted || !can_be_sent(process)) continue;
    any = true;
    TRY(send_to(call, process, call[1]));
  }
  if (!any) return fail(Errno::kSrch);
  return 0;
}

namespace {

// rt_sigqueueinfo(2): nobody may pretend to be the kernel or kill(2), but to himself.
Or<SignalInfo> queued_info(u32 number, u32 address, bool to_self) {
  const auto from = TRY(get_user<UserSignalInfo>(address));
  SignalInfo info = signal_info_of(from);
  info.number = TRY(number_of(number));
  constexpr i32 kByTkill = -6;
  if ((info.code >= 0 || info.code == kByTkill) && !to_self) return fail(Errno::kPerm);
  return info;
}

}  // namespace

Or<u32> sys_rt_sigqueueinfo(Call& call) {
  Process* process = find_process(static_cast<i32>(call[0]));
  if (process == nullptr || !can_be_sent(*process)) return fail(Errno::kSrch);
  if (call[1] == 0) return 0;
  const SignalInfo info = TRY(queued_info(call[1], call[2], process == call.task.process));
  TRY(permit(call, *process, info.number));
  if (info.number > 32 && process->queue.full()) return fail(Errno::kAgain);
  send_signal(*process, info);
  return 0;
}

Or<u32> sys_rt_tgsigqueueinfo(Call& call) {
  Task* task = find_task(static_cast<i32>(call[1]));
  if (task == nullptr || task->process->mm == nullptr || task->process->pid != static_cast<i32>(call[0]))
    return fail(Errno::kSrch);
  if (call[2] == 0) return 0;
  const SignalInfo info = TRY(queued_info(call[2], call[3], task->process == call.task.process));
  TRY(permit(call, *task->process, info.number));
  if (info.number > 32 && task->queue.full()) return fail(Errno::kAgain);
  send_thread_signal(*task, info);
  return 0;
}

Or<u32> sys_tkill(Call& call) { return send_to_thread(call, 0, call[0], call[1]); }
Or<u32> sys_tgkill(Call& call) { return send_to_thread(call, call[0], call[1], call[2]); }

// --- Interval timers

namespace {

struct IntervalValue {
  i32 interval_seconds, interval_microseconds, value_seconds, value_microseconds;
};
constexpr u64 kNsPerMicrosecond = 1000;

void expire(Timer& timer) {
  auto& process = *static_cast<Process*>(timer.context);
  send_signal(process, {.number = sig::kAlrm, .code = 0x80 /* SI_KERNEL */});
  if (process.alarm_interval_ns != 0) start_timer(timer, timer.deadline_ns + process.alarm_interval_ns);
}

u64 left_ns(const Process& process) {
  if (!process.alarm.armed()) return 0;
  const u64 now = now_ns();
  return process.alarm.deadline_ns > now ? process.alarm.deadline_ns - now : 1;
}

void set_alarm(Process& process, u64 value_ns, u64 interval_ns) {
  constexpr u64 kShortest = kNsPerSecond / kTickHz;  // a shorter interval would keep the tick from ending
  stop_timer(process.alarm);
  process.alarm_interval_ns = interval_ns != 0 && interval_ns < kShortest ? kShortest : interval_ns;
  if (value_ns == 0) return;
  process.alarm.expire = expire;
  process.alarm.context = &process;
  start_timer(process.alarm, now_ns() + value_ns);
}

Or<> put_alarm(u32 address, u64 value_ns, u64 interval_ns) {
  const auto seconds = [](u64 ns) { return static_cast<i32>(ns / kNsPerSecond); };
  const auto microseconds = [](u64 ns) { return static_cast<i32>(ns % kNsPerSecond / kNsPerMicrosecond); };
  return put_user(address, IntervalValue{seconds(interval_ns), microseconds(interval_ns), seconds(value_ns),
                                         microseconds(value_ns)});
}

Or<u64> to_ns(i32 seconds, i32 microseconds) {
  if (seconds < 0 || microseconds < 0 || microseconds >= 1'000'000) return fail(Errno::kInval);
  return static_cast<u32>(seconds) * kNsPerSecond + static_cast<u32>(microseconds) * kNsPerMicrosecond;
}

}  // namespace

Or<u32> sys_alarm(Call& call) {
  Process& process = *call.task.process;
  const u64 left = left_ns(process);
  set_alarm(process, call[0] * kNsPerSecond, 0);
  return static_cast<u32>((left + kNsPerSecond - 1) / kNsPerSecond);
}

namespace {

constexpr u32 kReal = 0, kVirtual = 1, kProfiling = 2;  // ITIMER_

// The two that count processor time, by ticks.
Or<CpuTimer*> cpu_timer(Process& process, u32 which) {
  if (which == kVirtual) return &process.virtual_timer;
  if (which == kProfiling) return &process.profiling_timer;
  return fail(Errno::kInval);
}

}  // namespace

Or<u32> sys_setitimer(Call& call) {
  Process& process = *call.task.process;
  CpuTimer* timer = call[0] == kReal ? nullptr : TRY(cpu_timer(process, call[0]));
  const u64 left = timer == nullptr ? left_ns(process) : timer->left_ns;
  const u64 interval = timer == nullptr ? process.alarm_interval_ns : timer->interval_ns;
  IntervalValue wanted{};
  if (call[1] != 0) wanted = TRY(get_user<IntervalValue>(call[1]));
  const u64 value_ns = TRY(to_ns(wanted.value_seconds, wanted.value_microseconds));
  const u64 interval_ns = TRY(to_ns(wanted.interval_seconds, wanted.interval_microseconds));
  if (timer == nullptr) {
    set_alarm(process, value_ns, interval_ns);
  } else {
    const InterruptGuard guard;
    *timer = {value_ns, interval_ns};
  }
  if (call[2] != 0) TRY(put_alarm(call[2], left, interval));
  return 0;
}

Or<u32> sys_getitimer(Call& call) {
  Process& process = *call.task.process;
  if (call[0] == kReal) {
    TRY(put_alarm(call[1], left_ns(process), process.alarm_interval_ns));
    return 0;
  }
  CpuTimer* timer = TRY(cpu_timer(process, call[0]));
  TRY(put_alarm(call[1], timer->left_ns, timer->interval_ns));
  return 0;
}

}  // namespace ido
