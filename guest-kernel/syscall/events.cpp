// Files of events: epoll, eventfd, timerfd, signalfd.
#include "arch/time.hpp"
#include "fs/anonymous_file.hpp"
#include "fs/epoll.hpp"
#include "proc/signal_file.hpp"
#include "proc/signal_frame.hpp"
#include "proc/timer_file.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kCloseOnExec = fs::open_flag::kCloseOnExec, kNonBlock = fs::open_flag::kNonBlock;
constexpr u32 kReadWrite = fs::open_flag::kReadWrite;

Or<u32> add_file(Call& call, Ref<fs::File> file, u32 flags) {
  return files(call).add(std::move(file), (flags & kCloseOnExec) != 0);
}

Or<u32> epoll_create(Call& call, u32 flags) {
  if (flags & ~kCloseOnExec) return fail(Errno::kInval);
  Ref<fs::File> file = TRY(fs::make_epoll(kReadWrite));
  return add_file(call, std::move(file), flags);
}

Or<u32> epoll_wait(Call& call, u64 timeout_ns) {
  constexpr u32 kMost = 1u << 16, kBatch = 64;
  if (static_cast<i32>(call[2]) <= 0 || call[2] > kMost) return fail(Errno::kInval);
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  fs::EpollEvent events[kBatch];
  const u32 most = call[2] < kBatch ? call[2] : kBatch;
  const u32 found = TRY(fs::wait_epoll(*file, events, most, timeout_ns));
  TRY(copy_to_user(call[1], events, found * static_cast<u32>(sizeof(fs::EpollEvent))));
  return found;
}

Or<> block_signals(Call& call, u32 mask_address, u32 mask_size) {
  if (mask_address == 0) return {};
  if (mask_size != sizeof(SignalSet)) return fail(Errno::kInval);
  const SignalSet mask = TRY(get_user<SignalSet>(mask_address));
  block_during_call(call.task, mask);
  return {};
}

u64 milliseconds_to_ns(u32 milliseconds) {
  return static_cast<i32>(milliseconds) < 0 ? kForever : u64{milliseconds} * 1'000'000;
}

Or<u32> make_event(Call& call, u32 flags) {
  constexpr u32 kSemaphore = 1;
  if (flags & ~(kSemaphore | kCloseOnExec | kNonBlock)) return fail(Errno::kInval);
  Ref<fs::File> file = TRY(fs::make_event_file(call[0], (flags & kSemaphore) != 0, kReadWrite | (flags & kNonBlock)));
  return add_file(call, std::move(file), flags);
}

Or<u32> make_signal(Call& call, u32 flags) {
  if (flags & ~(kCloseOnExec | kNonBlock)) return fail(Errno::kInval);
  if (call[2] != sizeof(SignalSet)) return fail(Errno::kInval);
  SignalSet set = TRY(get_user<SignalSet>(call[1]));
  set &= ~(signal_bit(sig::kKill) | signal_bit(sig::kStop));
  if (call[0] != ~0u) {
    Ref<fs::File> known = TRY(file_of(call, call[0]));
    TRY(set_signal_file(*known, set));
    return call[0];
  }
  Ref<fs::File> file = TRY(make_signal_file(set, kReadWrite | (flags & kNonBlock)));
  return add_file(call, std::move(file), flags);
}

// struct itimerspec with either width of struct timespec: the interval, then the first.
template <class T>
Or<TimerSetting> setting_from_user(u32 address) {
  constexpr u32 kWidth = 2 * sizeof(T);
  const auto read = [](u32 at) { return sizeof(T) == 8 ? timespec64_from_user(at) : timespec32_from_user(at); };
  TimerSetting setting;
  setting.interval_ns = TRY(read(address));
  setting.first_ns = TRY(read(address + kWidth));
  return setting;
}

template <class T>
Or<> setting_to_user(u32 address, const TimerSetting& setting) {
  const auto seconds = [](u64 ns) { return static_cast<T>(ns / kNsPerSecond); };
  const auto rest = [](u64 ns) { return static_cast<T>(ns % kNsPerSecond); };
  const T words[4] = {seconds(setting.interval_ns), rest(setting.interval_ns), seconds(setting.first_ns),
                      rest(setting.first_ns)};
  return copy_to_user(address, words, sizeof words);
}

template <class T>
Or<u32> set_timer(Call& call) {
  constexpr u32 kAbsolute = 1, kCancelOnSet = 2;
  if (call[1] & ~(kAbsolute | kCancelOnSet)) return fail(Errno::kInval);
  const TimerSetting wanted = TRY(setting_from_user<T>(call[2]));
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  const TimerSetting old = TRY(set_timer_file(*file, wanted, (call[1] & kAbsolute) != 0));
  if (call[3] != 0) TRY(setting_to_user<T>(call[3], old));
  return 0;
}

template <class T>
Or<u32> get_timer(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  const TimerSetting setting = TRY(timer_file_setting(*file));
  TRY(setting_to_user<T>(call[1], setting));
  return 0;
}

}  // namespace

Or<u32> sys_epoll_create(Call& call) {
  return static_cast<i32>(call[0]) > 0 ? epoll_create(call, 0) : Or<u32>(fail(Errno::kInval));
}
Or<u32> sys_epoll_create1(Call& call) { return epoll_create(call, call[0]); }

Or<u32> sys_epoll_ctl(Call& call) {
  if (call[1] < 1 || call[1] > 3) return fail(Errno::kInval);
  const auto command = static_cast<fs::EpollCommand>(call[1]);
  fs::EpollEvent event;
  if (command != fs::EpollCommand::kDelete) event = TRY(get_user<fs::EpollEvent>(call[3]));
  Ref<fs::File> epoll = TRY(file_of(call, call[0]));
  Ref<fs::File> file = TRY(file_of(call, call[2]));
  TRY(fs::control_epoll(*epoll, command, std::move(file), call[2], event));
  return 0;
}

Or<u32> sys_epoll_wait(Call& call) { return epoll_wait(call, milliseconds_to_ns(call[3])); }
Or<u32> sys_epoll_pwait(Call& call) {
  const u32 mask_size = TRY(call.sixth());
  TRY(block_signals(call, call[4], mask_size));
  return epoll_wait(call, milliseconds_to_ns(call[3]));
}
Or<u32> sys_epoll_pwait2(Call& call) {
  const u64 timeout = call[3] == 0 ? kForever : TRY(timespec64_from_user(call[3]));
  const u32 mask_size = TRY(call.sixth());
  TRY(block_signals(call, call[4], mask_size));
  return epoll_wait(call, timeout);
}

Or<u32> sys_eventfd(Call& call) { return make_event(call, 0); }
Or<u32> sys_eventfd2(Call& call) { return make_event(call, call[1]); }

Or<u32> sys_signalfd(Call& call) { return make_signal(call, 0); }
Or<u32> sys_signalfd4(Call& call) { return make_signal(call, call[3]); }

Or<u32> sys_timerfd_create(Call& call) {
  constexpr u32 kRealtime = 0, kMonotonic = 1, kBoottime = 7, kRealtimeAlarm = 8, kBoottimeAlarm = 9;
  const u32 clock = call[0];
  if (clock != kRealtime && clock != kMonotonic && clock != kBoottime && clock != kRealtimeAlarm &&
      clock != kBoottimeAlarm)
    return fail(Errno::kInval);
  if (call[1] & ~(kCloseOnExec | kNonBlock)) return fail(Errno::kInval);
  const bool real = clock == kRealtime || clock == kRealtimeAlarm;
  Ref<fs::File> file =
      TRY(make_timer_file(real ? TimerClock::kRealtime : TimerClock::kMonotonic, kReadWrite | (call[1] & kNonBlock)));
  return add_file(call, std::move(file), call[1]);
}
Or<u32> sys_timerfd_settime(Call& call) { return set_timer<i32>(call); }
Or<u32> sys_timerfd_gettime(Call& call) { return get_timer<i32>(call); }
Or<u32> sys_timerfd_settime64(Call& call) { return set_timer<i64>(call); }
Or<u32> sys_timerfd_gettime64(Call& call) { return get_timer<i64>(call); }

}  // namespace ido
