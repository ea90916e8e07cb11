// LiveInput: the InputSource of a run with people and programs at its ends.
//
// Arrivals are queued between slices of Machine::run and handed out at its next poll. Pacing sleeps away idle ticks,
// one a nanosecond; how long it slept decides only where in idle time an input lands, which is what a recording notes.
#pragma once

#include <deque>

#include "host/event_loop.hpp"
#include "replay/input.hpp"

namespace paemu::host {

enum class Pacing : u8 { Off, On };

class LiveInput final : public InputSource {
 public:
  // The first arrival is RtcStart with start_seconds, seconds since the Unix epoch.
  LiveInput(EventLoop& loop, Pacing pacing, i64 start_seconds);

  void queue(Arrival arrival);  // made by arrival::..., which leaves `at` open
  // The same, `gap_ns` of virtual time after the last one that was queued so: keys that are held, text that is typed.
  void queue_in_turn(Arrival arrival, u64 gap_ns);
  bool queue_empty() const { return queue_.empty(); }
  // Called before sleeping: what was written so far should be seen, and it may queue what still waits elsewhere.
  void on_sleep(std::function<void()> f) { before_sleep_ = std::move(f); }

  Ticks next_poll(Position now) override;
  std::optional<Arrival> poll(Position now) override;
  Ticks idle(Position now, Ticks deadline, Wake wake) override;
  bool interrupted() const override { return interrupted_; }

  // Since the last begin_slice(): did a sleep end without input, and none with it? Then nobody waits to be dispatched.
  bool slept_in_peace() const { return slept_in_peace_ && !interrupted_; }
  // The app has dispatched the event loop: run on.
  void begin_slice() { interrupted_ = slept_in_peace_ = false; }

 private:
  EventLoop& loop_;
  Pacing pacing_;
  std::deque<Arrival> queue_;
  struct Later {
    Ticks due;
    Arrival arrival;
  };
  std::deque<Later> later_;
  Ticks last_due_;  // of the last that was queued in turn
  Ticks now_;       // as the run loop said last
  std::function<void()> before_sleep_;
  i64 owed_ns_ =
      0;  // idle time not slept yet, because it is too short to be worth a system call; below 0: slept too long
  bool interrupted_ = false, slept_in_peace_ = false;
};

}  // namespace paemu::host
