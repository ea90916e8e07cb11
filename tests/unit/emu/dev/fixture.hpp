// What a chip is wired to in these tests: time that the test moves, and ends of wires that remember.
#pragma once

#include <string>
#include <vector>

#include "bus/line.hpp"
#include "replay/host_interfaces.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu::test {

struct Time {
  VirtualClock clock;
  EventQueue events;

  // Runs every event up to now + ticks at its own tick, as the run loop does.
  void pass(u64 ticks) {
    const Ticks end = clock.now() + ticks;
    while (events.next_deadline() <= end) {
      clock.idle += events.next_deadline() - clock.now();
      events.run_due(clock.now());
    }
    clock.idle += end - clock.now();
  }
};

struct Pin final : LineInput {
  bool level = false;
  u32 rises = 0;
  void set_line(u32, bool l) override {
    if (l && !level) ++rises;
    level = l;
  }
};

struct Sink final : SerialSink {
  std::string text;
  void transmit(u32, std::span<const u8> bytes) override { text.append(bytes.begin(), bytes.end()); }
};

struct Lines final : Log {
  std::vector<std::string> lines;
  void line(std::string_view text) override { lines.emplace_back(text); }
  void once(std::string_view, std::string_view text) override { lines.emplace_back(text); }
};

}  // namespace paemu::test
