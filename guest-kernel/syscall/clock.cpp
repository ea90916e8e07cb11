// Time: clocks and sleeping.
#include "arch/time.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kRealtime = 0, kMonotonic = 1, kProcessCpu = 2, kThreadCpu = 3, kMonotonicRaw = 4, kRealtimeCoarse = 5,
              kMonotonicCoarse = 6, kBoottime = 7;
constexpr u32 kTimerAbstime = 1;

Or<u64> clock_ns(Call& call, u32 clock) {
  switch (clock) {
    case kRealtime:
    case kRealtimeCoarse: return realtime_ns();
    case kMonotonic:
    case kMonotonicRaw:
    case kMonotonicCoarse:
    case kBoottime: return now_ns();
    case kProcessCpu:
    case kThreadCpu: return call.task.user_ns + call.task.system_ns;
    default: return fail(Errno::kInval);
  }
}

// now_ns and kin count in 64 bits; i386 user structures hold seconds and nanoseconds apart.
struct Split {
  u64 seconds;
  u32 nanoseconds;
};
Split split(u64 ns) {
  const u64 seconds = ns / kNsPerSecond;
  return {seconds, static_cast<u32>(ns - seconds * kNsPerSecond)};
}

template <class T>
Or<u32> put_timespec(u32 address, u64 ns) {
  struct {
    T seconds, nanoseconds;
  } out;
  const Split s = split(ns);
  out.seconds = static_cast<T>(s.seconds);
  out.nanoseconds = static_cast<T>(s.nanoseconds);
  TRY(copy_to_user(address, &out, sizeof out));
  return 0;
}

// Sleeps until now_ns() reaches `deadline`; on a signal tells the rest, when asked to.
template <class T>
Or<u32> sleep_until(u64 deadline, u32 rest_address) {
  WaitQueue nobody;
  for (u64 now = now_ns(); now < deadline; now = now_ns()) {
    auto waited = nobody.wait_interruptible_for(deadline - now);
    if (waited.ok() || waited.error() == Errno::kTimedOut) continue;
    now = now_ns();
    if (rest_address != 0) TRY(put_timespec<T>(rest_address, deadline > now ? deadline - now : 0));
    return fail(Errno::kIntr);
  }
  return 0;
}

template <class T>
Or<u32> clock_sleep(Call& call, u64 requested) {
  const bool absolute = (call[1] & kTimerAbstime) != 0;
  TRY(clock_ns(call, call[0]));
  u64 deadline = now_ns() + requested;
  if (absolute) deadline = call[0] == kRealtime ? requested - realtime_ns() + now_ns() : requested;
  if (absolute && call[0] == kRealtime && requested < realtime_ns()) return 0;
  return sleep_until<T>(deadline, absolute ? 0 : call[3]);
}

}  // namespace

Or<u32> sys_time(Call& call) {
  const u32 seconds = static_cast<u32>(split(realtime_ns()).seconds);
  if (call[0] != 0) TRY(put_user(call[0], seconds));
  return seconds;
}

Or<u32> sys_gettimeofday(Call& call) {
  struct {
    u32 seconds, microseconds;
  } now{};
  const Split s = split(realtime_ns());
  now.seconds = static_cast<u32>(s.seconds), now.microseconds = s.nanoseconds / 1000;
  if (call[0] != 0) TRY(copy_to_user(call[0], &now, sizeof now));
  if (call[1] != 0) TRY(put_user(call[1], u64{0}));  // struct timezone: UTC
  return 0;
}

Or<u32> sys_settimeofday(Call& call) {
  struct TimeVal {
    i32 seconds, microseconds;
  };
  if (call[0] == 0) return 0;
  const TimeVal t = TRY(get_user<TimeVal>(call[0]));
  if (t.seconds < 0 || t.microseconds < 0 || t.microseconds >= 1'000'000) return fail(Errno::kInval);
  set_realtime(static_cast<u64>(t.seconds) * kNsPerSecond + static_cast<u64>(t.microseconds) * 1000);
  return 0;
}

Or<u32> sys_clock_settime(Call& call) {
  if (call[0] != kRealtime) return fail(Errno::kInval);
  set_realtime(TRY(timespec32_from_user(call[1])));
  return 0;
}

Or<u32> sys_clock_settime64(Call& call) {
  if (!call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  if (call[0] != kRealtime) return fail(Errno::kInval);
  set_realtime(TRY(timespec64_from_user(call[1])));
  return 0;
}

Or<u32> sys_clock_gettime(Call& call) { return put_timespec<i32>(call[1], TRY(clock_ns(call, call[0]))); }
Or<u32> sys_clock_gettime64(Call& call) { return put_timespec<i64>(call[1], TRY(clock_ns(call, call[0]))); }

Or<u32> sys_clock_getres(Call& call) {
  TRY(clock_ns(call, call[0]));
  return call[1] == 0 ? Or<u32>(0) : put_timespec<i32>(call[1], 1);
}
Or<u32> sys_clock_getres_time64(Call& call) {
  TRY(clock_ns(call, call[0]));
  return call[1] == 0 ? Or<u32>(0) : put_timespec<i64>(call[1], 1);
}

Or<u32> sys_nanosleep(Call& call) { return sleep_until<i32>(now_ns() + TRY(timespec32_from_user(call[0])), call[1]); }
Or<u32> sys_clock_nanosleep(Call& call) { return clock_sleep<i32>(call, TRY(timespec32_from_user(call[2]))); }
Or<u32> sys_clock_nanosleep_time64(Call& call) { return clock_sleep<i64>(call, TRY(timespec64_from_user(call[2]))); }

}  // namespace ido
