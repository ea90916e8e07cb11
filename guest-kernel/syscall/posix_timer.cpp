// POSIX timers, in the forms with 32 and 64 bits of seconds.
#include "proc/posix_timer.hpp"

#include "arch/time.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

// struct sigevent.
struct Event {
  u32 value;
  i32 signal;
  u32 notify;
  i32 tid;
};

template <class T>
struct Spec {
  T interval_seconds, interval_nanoseconds, value_seconds, value_nanoseconds;
};

Or<u64> to_ns(i64 seconds, i64 nanoseconds) {
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= static_cast<i64>(kNsPerSecond)) return fail(Errno::kInval);
  if (static_cast<u64>(seconds) > ~u64{0} / kNsPerSecond / 4) return ~u64{0} / 4;
  return static_cast<u64>(seconds) * kNsPerSecond + static_cast<u64>(nanoseconds);
}

template <class T>
Or<> put_spec(u32 address, const TimerSpec& s) {
  const auto seconds = [](u64 ns) { return static_cast<T>(ns / kNsPerSecond); };
  const auto rest = [](u64 ns) { return static_cast<T>(ns % kNsPerSecond); };
  return put_user(address, Spec<T>{seconds(s.interval_ns), rest(s.interval_ns), seconds(s.value_ns), rest(s.value_ns)});
}

Or<PosixTimer*> timer_of(Call& call) {
  PosixTimer* t = find_posix_timer(*call.task.process, static_cast<i32>(call[0]));
  if (t == nullptr) return fail(Errno::kInval);
  return t;
}

template <class T>
Or<u32> set_time(Call& call) {
  constexpr u32 kAbsolute = 1;
  PosixTimer& t = *TRY(timer_of(call));
  const auto s = TRY(get_user<Spec<T>>(call[2]));
  // The upper half of 64-bit nanoseconds is padding on a 32-bit machine.
  const u64 value = TRY(to_ns(s.value_seconds, static_cast<i32>(s.value_nanoseconds)));
  const u64 interval = TRY(to_ns(s.interval_seconds, static_cast<i32>(s.interval_nanoseconds)));
  const TimerSpec old = set_posix_timer(t, {value, interval}, call[1] & kAbsolute);
  if (call[3] != 0) TRY(put_spec<T>(call[3], old));
  return 0;
}

template <class T>
Or<u32> get_time(Call& call) {
  PosixTimer& t = *TRY(timer_of(call));
  TRY(put_spec<T>(call[1], {t.left_ns(), t.interval_ns}));
  return 0;
}

}  // namespace

Or<u32> sys_timer_create(Call& call) {
  constexpr u32 kRealtime = 0, kMonotonic = 1, kBoottime = 7;
  Process& process = *call.task.process;
  if (call[0] != kRealtime && call[0] != kMonotonic && call[0] != kBoottime) return fail(Errno::kInval);
  i32 id = 0;
  u32 count = 0;
  while (find_posix_timer(process, id) != nullptr) ++id, ++count;
  if (count >= PosixTimer::kMost) return fail(Errno::kAgain);
  Event event{static_cast<u32>(id), sig::kAlrm, PosixTimer::kSignal, 0};
  if (call[1] != 0) event = TRY(get_user<Event>(call[1]));
  if (event.notify == PosixTimer::kThread) {
    Task* task = find_task(event.tid);
    if (task == nullptr || task->process != &process) return fail(Errno::kInval);
  } else if (event.notify != PosixTimer::kSignal && event.notify != PosixTimer::kNone) {
    return fail(Errno::kInval);
  }
  if (event.notify != PosixTimer::kNone && (event.signal < 1 || event.signal > sig::kCount)) return fail(Errno::kInval);
  TRY(put_user(call[2], id));
  auto* t = new (std::nothrow) PosixTimer;
  if (t == nullptr) return fail(Errno::kAgain);
  t->id = id;
  t->realtime = call[0] == kRealtime;
  t->notify = event.notify;
  t->signal = event.signal;
  t->value = event.value;
  t->tid = event.tid;
  t->process = &process;
  t->entry.owned = true;
  process.posix_timers.push_back(*t);
  return 0;
}

Or<u32> sys_timer_settime(Call& call) { return set_time<i32>(call); }
Or<u32> sys_timer_settime64(Call& call) { return set_time<i64>(call); }
Or<u32> sys_timer_gettime(Call& call) { return get_time<i32>(call); }
Or<u32> sys_timer_gettime64(Call& call) { return get_time<i64>(call); }
Or<u32> sys_timer_getoverrun(Call& call) { return TRY(timer_of(call))->last_overruns; }
Or<u32> sys_timer_delete(Call& call) {
  delete_posix_timer(*TRY(timer_of(call)));
  return 0;
}

}  // namespace ido
