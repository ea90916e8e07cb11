// Record and replay on the real board.
#include "replay/player.hpp"
#include "replay/recorder.hpp"
#include "test_machine.hpp"

using namespace paemu;

namespace {

constexpr u64 kLong = 3'000'000;

void script(TimedInput& input) {
  input.at(0, arrival::rtc_start(1'000'000'000));
  input.type(300'000, 'a');
  input.at(400'000,
           arrival::dimm_insert(DimmSpec{.id = "dimm1", .slot = ~0u, .base = GuestPhys{~u64{0}}, .size = 256 * kMiB}));
  input.type(700'123, 'b');
  input.at(900'000, arrival::dimm_eject_request("dimm1"));
  input.type(1'200'000, 'r');
  input.at(1'300'000, arrival::power_button());
  input.at(1'500'000, arrival::dimm_surprise_pull("dimm1"));
  input.type(2'000'000, 'c');
}

StopReason play(Machine& machine, Player& player) {
  StopReason r = StopReason::None;
  while (r == StopReason::None) r = machine.run(player, 77'777);
  REQUIRE(player.finish(r).ok());
  return r;
}

// Replays the trace on a machine made from nothing but the trace.
void check_replay(MemoryTrace& file, StopReason expected, u64 hash) {
  auto reader = TraceReader::open(file);
  if (!reader) FAIL(reader.error().sentence);
  auto images = reader->images();
  REQUIRE(images.ok());
  TestMachine again(reader->config().machine, std::move(*images));
  auto player = Player::start(*again.machine, *reader);
  if (!player) FAIL(player.error().sentence);
  const StopReason reason = play(*again.machine, **player);
  if ((*player)->divergence()) FAIL((*player)->divergence()->report);
  CHECK(reason == expected);
  CHECK(again.machine->state_hash() == hash);
}

}  // namespace

TEST_CASE("a recorded run with DIMM events, keys and a reset is replayed exactly") {
  TestMachine m;
  TimedInput input(12'345);
  script(input);
  input.stop_at = kLong;
  MemoryTrace file;
  auto recorder = Recorder::start(*m.machine, input, file);
  REQUIRE(recorder.ok());
  m.machine->run(**recorder, kLong);
  REQUIRE((*recorder)->finish(StopReason::Paused).ok());
  CHECK((*recorder)->arrivals() == 9);
  check_replay(file, StopReason::InputEnded, m.machine->state_hash());
}

TEST_CASE("recording does not alter the guest") {
  TestMachine bare, recorded;
  TimedInput in_bare(999), in_recorded(77'777);
  script(in_bare);
  script(in_recorded);
  bare.run_to(in_bare, kLong);
  MemoryTrace file;
  auto recorder = Recorder::start(*recorded.machine, in_recorded, file);
  REQUIRE(recorder.ok());
  in_recorded.stop_at = kLong;
  while (recorded.machine->position().now.value < kLong) {
    recorded.machine->run(**recorder, kLong - recorded.machine->position().now.value);
  }
  CHECK(recorded.machine->position().now == bare.machine->position().now);
  CHECK(recorded.machine->state_hash() == bare.machine->state_hash());
}

TEST_CASE("a recording that begins in mid-run, with a DIMM plugged in, is replayed exactly") {
  TestMachine m;
  TimedInput input;
  script(input);
  m.run_to(input, 800'000);
  REQUIRE(m.machine->dimms().size() == 2);
  MemoryTrace file;
  auto recorder = Recorder::start(*m.machine, input, file);
  REQUIRE(recorder.ok());
  input.stop_at = kLong;
  m.machine->run(**recorder, kLong - m.machine->position().now.value);
  REQUIRE((*recorder)->finish(StopReason::Paused).ok());
  check_replay(file, StopReason::InputEnded, m.machine->state_hash());
}

TEST_CASE("each way in which a guest ends its run is replayed") {
  MachineConfig config = TestMachine::small();
  config.reboot = false;
  for (const char how : {'q', 'p', 'r', 't'}) {
    TestMachine m(config);
    TimedInput input;
    input.type(500'000, how);
    MemoryTrace file;
    auto recorder = Recorder::start(*m.machine, input, file);
    REQUIRE(recorder.ok());
    const StopReason reason = m.machine->run(**recorder, kLong);
    CHECK(reason != StopReason::None);
    REQUIRE((*recorder)->finish(reason).ok());
    check_replay(file, reason, m.machine->state_hash());
  }
}

TEST_CASE("a trace replayed with another firmware is refused or diverges, never goes through") {
  TestMachine m;
  TimedInput input;
  input.stop_at = kLong;
  MemoryTrace file;
  auto recorder = Recorder::start(*m.machine, input, file);
  REQUIRE(recorder.ok());
  m.machine->run(**recorder, kLong);
  REQUIRE((*recorder)->finish(StopReason::Paused).ok());
  auto reader = TraceReader::open(file);
  REQUIRE(reader.ok());
  auto images = reader->images();
  REQUIRE(images.ok());
  images->firmware[0x1fff0] = 0xf4;  // hlt at the reset vector
  TestMachine other(reader->config().machine, std::move(*images));
  auto player = Player::start(*other.machine, *reader);
  REQUIRE(player.ok());
  CHECK(play(*other.machine, **player) == StopReason::Diverged);
  CHECK((*player)->divergence()->report.find("register EIP: recorded") != std::string::npos);
}
