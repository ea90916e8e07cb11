#include <catch2/catch.hpp>

#include "fake_machine.hpp"
#include "replay/arrival.hpp"
#include "replay/player.hpp"
#include "replay/recorder.hpp"

using namespace paemu;

namespace {

// Runs `machine` for about `ticks` in slices of odd length.
StopReason run(Machine& machine, InputSource& input, u64 ticks) {
  const Ticks end = machine.position().now + ticks;
  while (machine.position().now < end) {
    const StopReason r = machine.run(input, 997);
    if (r != StopReason::None) return r;
  }
  return StopReason::None;
}

StopReason play(Machine& machine, Player& player) {
  StopReason r = StopReason::None;
  while (r == StopReason::None) r = machine.run(player, 1234);
  REQUIRE(player.finish(r).ok());
  return r;
}

struct Recording {
  MemoryTrace file;
  FakeMachine machine;
  ScriptedInput live;
};

void record(Recording& r, u64 ticks) {
  auto recorder = Recorder::start(r.machine, r.live, r.file);
  REQUIRE(recorder.ok());
  const StopReason reason = run(r.machine, **recorder, ticks);
  REQUIRE((*recorder)->finish(reason).ok());
  CHECK((*recorder)->arrivals() > 5);
}

}  // namespace

TEST_CASE("a replay comes to the recorded state") {
  Recording r;
  record(r, 100000);
  auto reader = TraceReader::open(r.file);
  REQUIRE(reader.ok());
  CHECK_FALSE(reader->cut_off());
  FakeMachine again;
  auto player = Player::start(again, *reader);
  REQUIRE(player.ok());
  CHECK(play(again, **player) == StopReason::InputEnded);
  CHECK_FALSE((*player)->divergence());
  CHECK((*player)->checkpoints_passed() >= 30);
  CHECK(again.state_hash() == r.machine.state_hash());
  CHECK(again.position().retired == r.machine.position().retired);
}

TEST_CASE("recording does not alter the run") {
  Recording r;
  r.live.silent = true;
  r.live.due = {arrival::rtc_start(1), arrival::power_button()};
  auto recorder = Recorder::start(r.machine, r.live, r.file);
  REQUIRE(recorder.ok());
  run(r.machine, **recorder, 20000);
  FakeMachine bare;
  ScriptedInput same;
  same.silent = true;
  same.due = {arrival::rtc_start(1), arrival::power_button()};
  run(bare, same, 20000);
  // Both stop at the first slice's end past the goal, which may differ; go on to a common point.
  while (bare.position().now < r.machine.position().now) bare.run(same, r.machine.position().now - bare.position().now);
  while (r.machine.position().now < bare.position().now)
    r.machine.run(**recorder, bare.position().now - r.machine.position().now);
  if (bare.position().now == r.machine.position().now) CHECK(bare.state_hash() == r.machine.state_hash());
}

TEST_CASE("a recording may begin in mid-run") {
  Recording r;
  run(r.machine, r.live, 30000);
  record(r, 50000);
  auto reader = TraceReader::open(r.file);
  REQUIRE(reader.ok());
  CHECK(reader->start().snapshot);
  CHECK(reader->start().pages > 0);
  FakeMachine again;
  auto player = Player::start(again, *reader);
  REQUIRE(player.ok());
  play(again, **player);
  CHECK_FALSE((*player)->divergence());
  CHECK(again.state_hash() == r.machine.state_hash());
}

TEST_CASE("a guest that ends the run ends the replay at the same instruction") {
  Recording r;
  r.machine.end_at = 20000;
  record(r, 1000000);
  auto reader = TraceReader::open(r.file);
  REQUIRE(reader.ok());
  FakeMachine again;
  again.end_at = 20000;
  auto player = Player::start(again, *reader);
  REQUIRE(player.ok());
  CHECK(play(again, **player) == StopReason::GuestPowerOff);
  CHECK_FALSE((*player)->divergence());
  CHECK((*player)->recorded_reason() == StopReason::GuestPowerOff);
}

TEST_CASE("a replay whose guest ends the run where the recorded one did not diverges, and the other way round") {
  Recording ends, goes_on;
  ends.machine.end_at = 20000;
  record(ends, 1000000);
  record(goes_on, 100000);
  auto first = TraceReader::open(ends.file);
  FakeMachine endless;
  auto player = Player::start(endless, *first);
  REQUIRE(player.ok());
  CHECK(play(endless, **player) == StopReason::Diverged);
  CHECK((*player)->divergence()->report.find("the replayed one goes on") != std::string::npos);
  auto second = TraceReader::open(goes_on.file);
  FakeMachine brief;
  brief.end_at = 20000;
  auto other = Player::start(brief, *second);
  REQUIRE(other.ok());
  CHECK(play(brief, **other) == StopReason::GuestPowerOff);
  REQUIRE((*other)->divergence());
  CHECK((*other)->divergence()->report.find("the recording goes on") != std::string::npos);
}

TEST_CASE("a machine that differs is stopped at the first checkpoint after the difference") {
  Recording r;
  record(r, 100000);
  auto reader = TraceReader::open(r.file);
  FakeMachine other;
  other.flip_at = 12345;
  auto player = Player::start(other, *reader);
  REQUIRE(player.ok());
  CHECK(play(other, **player) == StopReason::Diverged);
  REQUIRE((*player)->divergence());
  CHECK(other.position().retired >= 12345);
  CHECK(other.position().retired <= 12345 + 1100);
  const std::string& report = (*player)->divergence()->report;
  // It shows either as another state or as another count at the next arrival.
  CHECK((report.find("EAX") != std::string::npos || report.find("instructions were retired at") != std::string::npos));
}

TEST_CASE("a trace of a machine with other fields or another configuration is refused before it runs") {
  Recording r;
  record(r, 5000);
  auto reader = TraceReader::open(r.file);
  FakeMachine other;
  other.state.mix = 77;
  auto player = Player::start(other, *reader);
  REQUIRE_FALSE(player.ok());
  CHECK(player.error().sentence.find("starts from state") != std::string::npos);
}

TEST_CASE("a trace cut off anywhere replays up to its last whole chunk") {
  Recording r;
  record(r, 40000);
  const std::vector<u8> whole = r.file.bytes();
  auto full = TraceReader::open(r.file);
  REQUIRE(full.ok());
  const u64 start_end = full->chunks()[full->first_of_run()].offset;
  for (u64 size = start_end; size < whole.size(); size += 1 + (whole.size() - start_end) / 61) {
    MemoryTrace cut(std::vector<u8>(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    auto reader = TraceReader::open(cut);
    REQUIRE(reader.ok());
    CHECK(reader->cut_off());
    FakeMachine again;
    auto player = Player::start(again, *reader);
    REQUIRE(player.ok());
    CHECK(play(again, **player) == StopReason::InputEnded);
    CHECK_FALSE((*player)->divergence());
    CHECK(again.position().now == reader->end().now);
  }
}

TEST_CASE("after many written pages the next checkpoint waits in proportion") {
  Recording r;
  r.live.silent = true;
  auto recorder = Recorder::start(r.machine, r.live, r.file);
  REQUIRE(recorder.ok());
  r.machine.write_pages(6000);  // three times what an interval pays for
  const u64 first = r.machine.checkpoints;
  const auto checkpoints_until = [&](u64 retired) {
    while (r.machine.state.retired < retired) r.machine.run(**recorder, 100);
    return r.machine.checkpoints - first;
  };
  CHECK(checkpoints_until(900) == 0);
  CHECK(checkpoints_until(3800) == 1);
  CHECK(checkpoints_until(4200) == 2);
  CHECK(checkpoints_until(9300) == 7);
}

TEST_CASE("idle time takes a hundredth of the checkpoints") {
  Recording r;
  r.live.silent = true;
  r.machine.state.halted = true;
  r.machine.state.timer = 1'000'000;  // with an interval of 1000
  auto recorder = Recorder::start(r.machine, r.live, r.file);
  REQUIRE(recorder.ok());
  const u64 before = r.machine.checkpoints;
  r.machine.run(**recorder, 999'999);
  CHECK(r.machine.checkpoints - before <= 10);
  CHECK(r.machine.checkpoints - before >= 1);
}

TEST_CASE("a halted guest whom nothing can wake is recorded and replayed up to there") {
  Recording r;
  r.machine.state.halted = r.machine.state.dead = true;
  r.live.silent = true;
  auto recorder = Recorder::start(r.machine, r.live, r.file);
  REQUIRE(recorder.ok());
  CHECK(r.machine.run(**recorder, 1000000) == StopReason::Deadlock);
  REQUIRE((*recorder)->finish(StopReason::Deadlock).ok());
  auto reader = TraceReader::open(r.file);
  REQUIRE(reader.ok());
  FakeMachine again;
  again.state.halted = again.state.dead = true;
  auto player = Player::start(again, *reader);
  REQUIRE(player.ok());
  CHECK(play(again, **player) == StopReason::InputEnded);
}

TEST_CASE("a full disk ends the recording and not the run") {
  class FullDisk final : public TraceOutput {
   public:
    Or<> append(std::span<const u8> bytes) override {
      if (bytes.size() > left) return fail("run.trace: no space left on device");
      left -= bytes.size();
      return {};
    }
    usize left = 0;
  } disk;
  FakeMachine machine;
  ScriptedInput live;
  disk.left = machine.images().kernel.size() + 6000;  // for the beginning, and a few checkpoints
  auto recorder = Recorder::start(machine, live, disk);
  REQUIRE(recorder.ok());
  CHECK(run(machine, **recorder, 1000000) == StopReason::None);
  CHECK_FALSE((*recorder)->recording());
  REQUIRE((*recorder)->error());
  CHECK((*recorder)->finish(StopReason::None).error().sentence == "run.trace: no space left on device");
}
