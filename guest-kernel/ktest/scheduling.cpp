// Threads, sleeping, waking and time.
#include "arch/interrupts.hpp"
#include "arch/time.hpp"
#include "ktest/ktest.hpp"
#include "lib/thread.hpp"
#include "lib/wait.hpp"
#include "proc/scheduler.hpp"
#include "proc/timer.hpp"

namespace ido {

namespace {

constexpr u64 kMillisecond = 1'000'000;
constexpr u64 kTick = kNsPerSecond / kTickHz;

struct Turns {
  u32 order[8] = {};
  u32 count = 0;
  WaitQueue queue;
  u32 arrived = 0;
};

struct Runner {
  Turns* turns;
  u32 number;
};

void take_turns(void* context) {
  auto& runner = *static_cast<Runner*>(context);
  for (u32 i = 0; i < 2; ++i) {
    runner.turns->order[runner.turns->count++] = runner.number;
    schedule();
  }
}

void wait_in_line(void* context) {
  auto& runner = *static_cast<Runner*>(context);
  ++runner.turns->arrived;
  runner.turns->queue.wait();
  runner.turns->order[runner.turns->count++] = runner.number;
}

// Lets others run until `done`; gives up after a second.
template <class Condition>
bool eventually(Condition&& done) {
  const u64 deadline = now_ns() + kNsPerSecond;
  while (!done()) {
    if (now_ns() > deadline) return false;
    sleep_for(kMillisecond);
  }
  return true;
}

}  // namespace

KTEST(threads_run_in_turn) {
  Turns turns;
  Runner a{&turns, 1}, b{&turns, 2};
  CHECK(start_kernel_thread("turn-a", take_turns, &a).ok());
  CHECK(start_kernel_thread("turn-b", take_turns, &b).ok());
  CHECK(eventually([&] { return turns.count == 4; }));
  // Whoever was first, they alternate.
  CHECK(turns.order[0] != turns.order[1] && turns.order[0] == turns.order[2] && turns.order[1] == turns.order[3]);
  return PASSED;
}

KTEST(wake_one_wakes_the_first) {
  Turns turns;
  Runner a{&turns, 1}, b{&turns, 2};
  CHECK(start_kernel_thread("first", wait_in_line, &a).ok());
  CHECK(eventually([&] { return turns.arrived == 1; }));
  CHECK(start_kernel_thread("second", wait_in_line, &b).ok());
  CHECK(eventually([&] { return turns.arrived == 2; }));
  turns.queue.wake_one();
  CHECK(eventually([&] { return turns.count == 1; }));
  CHECK(turns.order[0] == 1 && turns.queue.has_waiters());
  turns.queue.wake_all();
  CHECK(eventually([&] { return turns.count == 2; }));
  CHECK(!turns.queue.has_waiters());
  return PASSED;
}

KTEST(a_wake_before_the_sleep_is_not_lost) {
  WaitQueue one, two;
  Waiter in_one, in_two;
  one.add(in_one);
  two.add(in_two);
  two.wake_all();
  const u64 before = now_ns();
  CHECK(sleep_interruptible_for(kNsPerSecond).ok());
  CHECK(now_ns() - before < kNsPerSecond / 2);
  WaitQueue::remove(in_one);
  WaitQueue::remove(in_two);
  CHECK(!one.has_waiters());
  return PASSED;
}

KTEST(sleep_ends_at_its_time) {
  const u64 before = now_ns();
  WaitQueue nobody;
  auto waited = nobody.wait_interruptible_for(20 * kMillisecond);
  CHECK(!waited.ok() && waited.error() == Errno::kTimedOut);
  const u64 slept = now_ns() - before;
  // Never early; late by a tick and a little at most, on a host that may stop the emulator for a while.
  CHECK(slept >= 20 * kMillisecond && slept < 20 * kMillisecond + 10 * kTick);
  return PASSED;
}

namespace {
u32 expired[3], expired_count;
void note(Timer& timer) { expired[expired_count++] = *static_cast<u32*>(timer.context); }
}  // namespace

KTEST(timers_expire_in_order) {
  u32 names[] = {0, 1, 2};
  Timer timers[4];
  expired_count = 0;
  const u64 start = now_ns();
  const u64 delays[] = {30, 10, 20};
  for (u32 i = 0; i < 3; ++i) {
    timers[i].expire = note;
    timers[i].context = &names[i];
    start_timer(timers[i], start + delays[i] * kMillisecond);
  }
  timers[3].expire = note;
  start_timer(timers[3], start + 15 * kMillisecond);
  stop_timer(timers[3]);
  CHECK(eventually([] { return expired_count == 3; }));
  CHECK(expired[0] == 1 && expired[1] == 2 && expired[2] == 0 && !timers[0].armed());
  return PASSED;
}

KTEST(clock_never_goes_back) {
  u64 last = now_ns();
  for (u32 i = 0; i < 20000; ++i) {
    const u64 now = now_ns();
    CHECK(now >= last);
    last = now;
  }
  CHECK(in_interrupt() == false);
  return PASSED;
}

}  // namespace ido
