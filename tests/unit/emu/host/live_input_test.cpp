// The live source: what it hands out, and how it sleeps.
#include "host/live_input.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "replay/arrival.hpp"

using namespace paemu;
using namespace paemu::host;

namespace {

struct Pipe {
  int ends[2];
  Pipe() { REQUIRE(pipe(ends) == 0); }
  ~Pipe() { close(ends[0]), close(ends[1]); }
};

Position at(u64 ticks) { return {ticks, Ticks{ticks}}; }

// What is written to the pipe is input.
struct SomebodyThere {
  SomebodyThere() {
    loop.set_role(loop.watch(pipe.ends[0], POLLIN, [](short) {}), EventLoop::Role::Input);
    (void)live.poll(at(0));
  }
  EventLoop loop;
  Pipe pipe;
  LiveInput live{loop, Pacing::On, 0};
};

}  // namespace

TEST_CASE("the first arrival is the RTC's start, then what was queued, in order") {
  EventLoop loop;
  LiveInput live(loop, Pacing::Off, 1234);
  CHECK(live.next_poll(at(5)) == Ticks{5});
  const auto first = live.poll(at(5));
  REQUIRE(first);
  CHECK(first->kind == InputKind::RtcStart);
  CHECK(arrival::read_rtc_start(*first) == 1234);
  CHECK(first->at == at(5));
  live.queue(arrival::power_button());
  live.queue(arrival::non_maskable());
  CHECK(live.poll(at(6))->kind == InputKind::PowerButton);
  CHECK(live.poll(at(6))->kind == InputKind::NonMaskable);
  CHECK_FALSE(live.poll(at(6)));
  CHECK(live.next_poll(at(6)) > Ticks{6});
}

TEST_CASE("an unpaced source skips idle time") {
  EventLoop loop;
  LiveInput live(loop, Pacing::Off, 0);
  CHECK(live.idle(at(0), Ticks{u64{3600} * kTicksPerSecond}, Wake::kInterrupt) == Ticks{u64{3600} * kTicksPerSecond});
  CHECK_FALSE(live.interrupted());
}

TEST_CASE("with nothing armed and nobody there, idling is for ever") {
  EventLoop loop;
  LiveInput live(loop, Pacing::On, 0);
  CHECK(live.idle(at(0), kNever, Wake::kInterrupt) == kNever);
}

TEST_CASE("input ends the sleep, and then the host wants to look") {
  SomebodyThere there;
  LiveInput& live = there.live;
  REQUIRE(write(there.pipe.ends[1], "x", 1) == 1);
  const Ticks until = live.idle(at(100), Ticks{100 + u64{60} * kTicksPerSecond}, Wake::kInterrupt);
  CHECK(until > Ticks{100});
  CHECK(until < Ticks{100 + u64{30} * kTicksPerSecond});
  CHECK(live.interrupted());
  live.begin_slice();
  CHECK(live.idle(at(100), kNever, Wake::kInterrupt) > Ticks{100});
}

TEST_CASE("paced idle time is slept, and short pieces are saved up") {
  EventLoop loop;
  LiveInput live(loop, Pacing::On, 0);
  (void)live.poll(at(0));
  u64 now = 0;
  for (int i = 0; i < 1000; ++i) {
    const Ticks until = live.idle(at(now), Ticks{now + 1000}, Wake::kInterrupt);
    REQUIRE(until == Ticks{now + 1000});
    now += 1000;
  }
}

TEST_CASE("a sleep without input has looked at the outside, no other has") {
  SomebodyThere there;
  LiveInput& live = there.live;
  (void)live.idle(at(0), Ticks{1000}, Wake::kInterrupt);  // too short to sleep for
  CHECK_FALSE(live.slept_in_peace());
  (void)live.idle(at(1000), Ticks{20'000'000}, Wake::kInterrupt);
  CHECK(live.slept_in_peace());
  live.begin_slice();
  CHECK_FALSE(live.slept_in_peace());
  REQUIRE(write(there.pipe.ends[1], "x", 1) == 1);
  (void)live.idle(at(20'000'000), Ticks{50'000'000}, Wake::kInterrupt);
  CHECK_FALSE(live.slept_in_peace());
}

TEST_CASE("what is queued just before sleeping is not slept on") {
  EventLoop loop;
  LiveInput live(loop, Pacing::On, 0);
  (void)live.poll(at(0));
  live.on_sleep([&] { live.queue(arrival::power_button()); });
  CHECK(live.idle(at(10), Ticks{10 + u64{60} * kTicksPerSecond}, Wake::kInterrupt) == Ticks{11});
}
