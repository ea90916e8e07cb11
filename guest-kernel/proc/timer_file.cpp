#include "proc/timer_file.hpp"

#include "arch/interrupts.hpp"
#include "arch/time.hpp"
#include "fs/anonymous_file.hpp"
#include "lib/wait.hpp"
#include "proc/timer.hpp"

namespace ido {

namespace {

constexpr fs::AnonymousKind kTimerKind{"timerfd"};

// After an expiration nothing runs until somebody looks: the missed intervals are counted then.
class TimerFile final : public fs::AnonymousFile {
 public:
  TimerFile(TimerClock clock, u32 open_flags) : AnonymousFile(kTimerKind, open_flags), clock_(clock) {
    timer_.context = this;
    timer_.expire = [](Timer& timer) { static_cast<TimerFile*>(timer.context)->expired(); };
  }
  ~TimerFile() override { stop_timer(timer_); }

  Or<u32> read(fs::Buffer& buffer, u64&) override {
    if (buffer.left() < sizeof(u64)) return fail(Errno::kInval);
    u64 count;
    {
      const InterruptGuard guard;
      while ((count = take_expirations()) == 0) {
        if (!blocks()) return fail(Errno::kAgain);
        TRY(expired_.wait_interruptible());
      }
    }
    TRY(buffer.give(&count, sizeof count));
    return static_cast<u32>(sizeof count);
  }
  u32 poll() override { return due() ? fs::poll_bit::kIn : 0; }
  fs::PollSource* poll_source() override { return &source_; }

  TimerSetting setting() const {
    if (deadline_ns_ == 0) return {0, interval_ns_};
    const u64 now = now_ns();
    if (now < deadline_ns_) return {deadline_ns_ - now, interval_ns_};
    if (interval_ns_ == 0) return {0, 0};
    return {interval_ns_ - (now - deadline_ns_) % interval_ns_, interval_ns_};
  }

  void set(const TimerSetting& wanted, bool absolute) {
    const InterruptGuard guard;
    stop_timer(timer_);
    interval_ns_ = wanted.interval_ns;
    deadline_ns_ = 0;
    if (wanted.first_ns == 0) return;
    const u64 now = now_ns(), clock_now = clock_ == TimerClock::kRealtime ? realtime_ns() : now;
    const u64 delay = !absolute ? wanted.first_ns : wanted.first_ns > clock_now ? wanted.first_ns - clock_now : 0;
    deadline_ns_ = delay > kForever / 2 ? kForever / 2 : now + delay;
    if (delay == 0)
      expired();
    else
      start_timer(timer_, deadline_ns_);
  }

 private:
  bool due() const { return deadline_ns_ != 0 && now_ns() >= deadline_ns_; }

  u64 take_expirations() {
    if (!due()) return 0;
    if (interval_ns_ == 0) {
      deadline_ns_ = 0;
      return 1;
    }
    const u64 count = 1 + (now_ns() - deadline_ns_) / interval_ns_;
    deadline_ns_ += count * interval_ns_;
    start_timer(timer_, deadline_ns_);
    return count;
  }

  void expired() {
    expired_.wake_all();
    source_.changed();
  }

  TimerClock clock_;
  Timer timer_;
  u64 deadline_ns_ = 0;  // of now_ns(); 0: disarmed. In the past: an expiration waits to be read
  u64 interval_ns_ = 0;
  WaitQueue expired_;
  fs::PollSource source_;
};

Or<TimerFile*> as_timer(fs::File& file) {
  if (file.kind() != &kTimerKind) return fail(Errno::kInval);
  return static_cast<TimerFile*>(&file);
}

}  // namespace

Or<Ref<fs::File>> make_timer_file(TimerClock clock, u32 open_flags) {
  Ref<fs::File> file(new (std::nothrow) TimerFile(clock, open_flags));
  if (!file) return fail(Errno::kNoMem);
  return file;
}

Or<TimerSetting> set_timer_file(fs::File& file, const TimerSetting& setting, bool absolute) {
  TimerFile* timer = TRY(as_timer(file));
  const TimerSetting old = timer->setting();
  timer->set(setting, absolute);
  return old;
}

Or<TimerSetting> timer_file_setting(fs::File& file) { return TRY(as_timer(file))->setting(); }

}  // namespace ido
