#include "host/live_input.hpp"

#include <algorithm>
#include <ctime>

#include "replay/arrival.hpp"

namespace paemu::host {
namespace {

// The run loop asks this often whether something was queued: far below what a person notices.
constexpr u64 kPollQuantum = 1'000'000;
// Shorter idle times are saved up, for less than anybody notices. What a sleep costs is not so much itself as the caches
// that are cold after it: with kernels that tick 250 times a second several ticks share one.
constexpr i64 kWorthSleeping = 10'000'000;
// The host wakes late; at most this much of it is made good by sleeping less next time.
constexpr i64 kMostCredit = 20'000'000;
// No single sleep is longer, so that arithmetic on it can't overflow; the run loop then idles again.
constexpr i64 kLongestSleep = 3600 * i64{1'000'000'000};

i64 monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return i64{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

LiveInput::LiveInput(EventLoop& loop, Pacing pacing, i64 start_seconds) : loop_(loop), pacing_(pacing) {
  queue(arrival::rtc_start(start_seconds));
}

void LiveInput::queue(Arrival arrival) { queue_.push_back(std::move(arrival)); }

void LiveInput::queue_in_turn(Arrival arrival, u64 gap_ns) {
  last_due_ = std::max(now_, last_due_) + gap_ns;
  later_.push_back({last_due_, std::move(arrival)});
}

Ticks LiveInput::next_poll(Position now) {
  if (!queue_.empty()) return now.now;
  return later_.empty() ? now.now + kPollQuantum : std::min(now.now + kPollQuantum, later_.front().due);
}

std::optional<Arrival> LiveInput::poll(Position now) {
  now_ = now.now;
  if (queue_.empty() && !later_.empty() && later_.front().due <= now.now) {
    queue_.push_back(std::move(later_.front().arrival));
    later_.pop_front();
  }
  if (queue_.empty()) return {};
  Arrival arrival = std::move(queue_.front());
  queue_.pop_front();
  arrival.at = now;
  return arrival;
}

Ticks LiveInput::idle(Position now, Ticks deadline, Wake wake) {
  if (!later_.empty()) deadline = std::clamp(later_.front().due, now.now + 1, deadline);
  const bool for_ever = deadline == kNever;
  const bool hopeless = wake == Wake::kNonMaskableOnly;
  if (pacing_ == Pacing::Off && !for_ever && !hopeless) return deadline;
  if (for_ever && loop_.input_watches() == 0) return kNever;

  const i64 whole = static_cast<i64>(std::min<u64>(deadline - now.now, kLongestSleep));
  if (!for_ever) {
    owed_ns_ += whole;
    if (owed_ns_ < kWorthSleeping) return now.now + static_cast<u64>(whole);
  }
  if (before_sleep_) before_sleep_();
  if (!queue_.empty()) return now.now + 1;  // that brought some
  const i64 sleep = for_ever ? kForever : owed_ns_;
  const i64 began = monotonic_ns();
  const bool input = loop_.ready(sleep);
  const i64 slept = monotonic_ns() - began;
  const i64 owed_before = for_ever ? 0 : owed_ns_ - whole;
  slept_in_peace_ = !input;
  if (!input && !for_ever) {
    owed_ns_ = std::max(owed_ns_ - slept, -kMostCredit);
    return now.now + static_cast<u64>(whole);
  }
  owed_ns_ = 0;
  interrupted_ = true;
  // Some of the sleep paid for idle time that had already passed for the guest.
  const i64 advanced = std::clamp<i64>(slept - owed_before, 1, std::max<i64>(whole, 1));
  return now.now + static_cast<u64>(advanced);
}

}  // namespace paemu::host
