#include "proc/posix_timer.hpp"

#include "arch/interrupts.hpp"
#include "arch/time.hpp"
#include "lib/wait.hpp"
#include "proc/task.hpp"

namespace ido {

namespace {

constexpr i32 kByTimer = -2;  // SI_TIMER

void notify(PosixTimer& t) {
  if (t.notify == PosixTimer::kNone) return;
  if (t.pending) {
    ++t.overruns;
    return;
  }
  const SignalInfo info{.number = t.signal, .code = kByTimer, .pid = t.id, .status = static_cast<i32>(t.value)};
  if (t.notify == PosixTimer::kThread) {
    Task* task = find_task(t.tid);
    if (task == nullptr || task->process != t.process) return;
    t.pending = true;
    send_thread_signal(*task, info, &t.entry);
  } else {
    t.pending = true;
    send_signal(*t.process, info, &t.entry);
  }
  if (!signal_is_pending(*t.process, t.signal)) t.pending = false;  // it was ignored
}

void expire(Timer& timer) {
  auto& t = *static_cast<PosixTimer*>(timer.context);
  notify(t);
  if (t.interval_ns == 0) return;
  // Intervals shorter than a tick: those that passed meanwhile are overruns.
  const u64 passed = (now_ns() - timer.deadline_ns) / t.interval_ns;
  if (t.pending) t.overruns += static_cast<u32>(passed);
  start_timer(timer, timer.deadline_ns + (passed + 1) * t.interval_ns);
}

}  // namespace

u64 PosixTimer::left_ns() const {
  if (!timer.armed()) return 0;
  const u64 now = now_ns();
  return timer.deadline_ns > now ? timer.deadline_ns - now : 1;
}

TimerSpec set_posix_timer(PosixTimer& t, TimerSpec wanted, bool absolute) {
  const InterruptGuard guard;
  const TimerSpec old{t.left_ns(), t.interval_ns};
  stop_timer(t.timer);
  t.interval_ns = wanted.interval_ns;
  t.overruns = 0;
  if (wanted.value_ns == 0) return old;
  const u64 now = now_ns(), clock = t.realtime ? realtime_ns() : now;
  const u64 delay = !absolute ? wanted.value_ns : wanted.value_ns > clock ? wanted.value_ns - clock : 0;
  t.timer.context = &t;
  t.timer.expire = expire;
  start_timer(t.timer, delay > kForever / 2 ? kForever / 2 : now + delay);
  return old;
}

PosixTimer* find_posix_timer(Process& process, i32 id) {
  for (PosixTimer& t : process.posix_timers)
    if (t.id == id) return &t;
  return nullptr;
}

void delete_posix_timer(PosixTimer& t) {
  const InterruptGuard guard;
  stop_timer(t.timer);
  if (t.entry.node.linked()) {
    Task* task = t.notify == PosixTimer::kThread ? find_task(t.tid) : nullptr;
    (task != nullptr ? task->queue : t.process->queue).remove(t.entry);
  }
  t.process->posix_timers.remove(t);
  delete &t;
}

void delete_posix_timers(Process& process) {
  while (PosixTimer* t = process.posix_timers.front()) delete_posix_timer(*t);
}

void settle_timer_signal(Process& process, SignalInfo& info) {
  if (info.code != kByTimer) return;
  PosixTimer* t = find_posix_timer(process, info.pid);
  if (t == nullptr) return;
  info.user = t->last_overruns = t->overruns;
  t->overruns = 0;
  t->pending = false;
}

}  // namespace ido
