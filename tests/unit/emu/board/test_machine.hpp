// A real Machine with the guest of guest.asm, and what stands around it.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "board/machine.hpp"
#include "replay/arrival.hpp"

namespace paemu {

class CollectedSerial final : public SerialSink {
 public:
  void transmit(u32, std::span<const u8> bytes) override { text.append(bytes.begin(), bytes.end()); }
  std::string text;
};

class CollectedLog final : public Log {
 public:
  void line(std::string_view text) override { lines.emplace_back(text); }
  void once(std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

// Hands out each arrival at the first poll at or after its tick. Its quantum decides where run slices end.
class TimedInput final : public InputSource {
 public:
  explicit TimedInput(u64 quantum = 100'000) : quantum_(quantum) {}
  void at(u64 tick, Arrival a) { due_.push_back({tick, std::move(a)}); }
  void type(u64 tick, char c) {
    const u8 byte = static_cast<u8>(c);
    at(tick, arrival::serial_bytes(0, {&byte, 1}));
  }
  u64 stop_at = ~u64{0};  // idle time is not skipped beyond this tick

  Ticks next_poll(Position now) override {
    const u64 next = due_.empty() ? ~u64{0} : std::max(due_.front().tick, now.now.value);
    return Ticks{std::min(next, now.now.value + quantum_)};
  }
  std::optional<Arrival> poll(Position now) override {
    if (due_.empty() || due_.front().tick > now.now.value) return std::nullopt;
    Arrival a = std::move(due_.front().arrival);
    due_.pop_front();
    a.at = now;
    return a;
  }
  Ticks idle(Position now, Ticks deadline, Wake) override {
    Ticks next = std::min(deadline, Ticks{stop_at});
    if (!due_.empty()) next = std::min(next, Ticks{due_.front().tick});
    return std::max(next, now.now);
  }

 private:
  struct Due {
    u64 tick;
    Arrival arrival;
  };
  std::deque<Due> due_;
  u64 quantum_;
};

struct TestMachine {
  explicit TestMachine(MachineConfig config = small()) {
    static const u8 kGuest[] = {
#include "guest.inc"
    };
    Images images;
    images.firmware.assign(64 * 1024, 0xff);
    images.firmware.insert(images.firmware.end(), std::begin(kGuest), std::end(kGuest));
    start(std::move(config), std::move(images));
  }
  TestMachine(MachineConfig config, Images images) { start(std::move(config), std::move(images)); }
  static MachineConfig small() {
    MachineConfig c;
    c.ram_size = 128 * kMiB;
    c.slots = 4;
    c.maxmem = 2 * kGiB;
    c.checkpoint_interval = 250'000;
    return c;
  }
  void start(MachineConfig config, Images images) {
    auto made = Machine::create(std::move(config), std::move(images), serial, log);
    if (!made) FAIL(made.error().sentence);
    machine = std::move(made).value();
    machine->on_event([this](const MachineEvent& e) { events.push_back(e); });
  }
  // Runs to exactly `tick`, or until something stops it.
  StopReason run_to(TimedInput& input, u64 tick, u64 slice = ~u64{0}) {
    input.stop_at = tick;
    while (machine->position().now.value < tick) {
      const u64 left = tick - machine->position().now.value;
      const StopReason r = machine->run(input, std::min(slice, left));
      if (r != StopReason::None) return r;
    }
    return StopReason::None;
  }
  u32 word(u64 address) const {
    u32 v = 0;
    REQUIRE(machine->read_physical(GuestPhys{address}, {reinterpret_cast<u8*>(&v), 4}));
    return v;
  }
  u32 timer_ticks() const { return word(0x500); }
  u32 starts() const { return word(0x510); }

  CollectedSerial serial;
  CollectedLog log;
  std::vector<MachineEvent> events;
  std::unique_ptr<Machine> machine;
};

}  // namespace paemu
