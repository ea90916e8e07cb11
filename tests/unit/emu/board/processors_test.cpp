// Several processors on the real board: whose turn it is, and how much of it is left, is the guest's own time.
#include "cpu/registers.hpp"
#include "test_machine.hpp"

using namespace paemu;

namespace {

constexpr u64 kLong = 2'000'000;
constexpr u64 kRounds = 0x500, kStarted = 0x50c;

enum class Others : u8 { kWork, kWait };

TestMachine three_processors(Others others = Others::kWork) {
  static const u8 kGuest[] = {
#include "processors.inc"
  };
  MachineConfig config = TestMachine::small();
  config.topology.cores = 3;
  Images images;
  images.firmware.assign(64 * 1024, 0xff);
  images.firmware.insert(images.firmware.end(), std::begin(kGuest), std::end(kGuest));
  images.firmware[images.firmware.size() - 0x20] = others == Others::kWait ? 1 : 0;
  return TestMachine(std::move(config), std::move(images));
}

}  // namespace

TEST_CASE("where run slices end can't be noticed by several processors") {
  TestMachine whole = three_processors();
  TimedInput input;
  whole.run_to(input, kLong);
  CHECK(whole.word(kStarted) == 2);
  CHECK(whole.word(kRounds) > 1000);
  for (const u64 slice : {u64{1}, u64{7}, u64{1009}, u64{65537}}) {
    TestMachine sliced = three_processors();
    TimedInput again(slice * 3 + 1);
    sliced.run_to(again, kLong, slice);
    CHECK(sliced.machine->position().retired == whole.machine->position().retired);
    CHECK(sliced.machine->state_hash() == whole.machine->state_hash());
  }
}

TEST_CASE("several processors go on from a saved state as if nothing had been") {
  TestMachine whole = three_processors();
  TimedInput input;
  whole.run_to(input, 700'003);
  TestMachine other = three_processors();
  TimedInput again(997);
  other.run_to(again, 700'003, 333);
  CHECK(other.machine->state_hash() == whole.machine->state_hash());
  const std::vector<u8> state = whole.machine->save_state();
  REQUIRE(other.machine->load_state(state).ok());
  whole.machine->visit_pages(
      [&](Pfn frame, std::span<const u8> page) { REQUIRE(other.machine->load_page(frame, page).ok()); });
  whole.run_to(input, kLong);
  other.run_to(again, kLong, 10'007);
  CHECK(other.machine->state_hash() == whole.machine->state_hash());
}

TEST_CASE("each instruction is one processor's own") {
  TestMachine t = three_processors();
  TimedInput input;
  t.run_to(input, kLong);
  u64 sum = 0;
  for (u32 n = 0; n < 3; ++n) sum += t.machine->registers(n).retired;
  CHECK(sum == t.machine->position().retired);
}

TEST_CASE("who waits by PAUSE does not use up his turn") {
  TestMachine t = three_processors(Others::kWait);
  TimedInput input;
  t.run_to(input, kLong);
  CHECK(t.word(kStarted) == 2);
  // A round is some 320 instructions, and one of three works.
  CHECK(t.word(kRounds) > kLong * 9 / 10 / 330);
}

TEST_CASE("several processors with garbage in their fields come to no harm") {
  TestMachine source = three_processors();
  TimedInput input;
  source.run_to(input, 100'000);
  const std::vector<u8> good = source.machine->save_state();
  TestMachine target = three_processors();
  u32 loaded = 0;
  for (usize at = 0; at < good.size(); at += 7) {
    std::vector<u8> bad = good;
    bad[at] ^= 0xff;
    if (!target.machine->load_state(bad)) continue;
    ++loaded;
    TimedInput quiet;
    const u64 now = target.machine->position().now.value;
    target.run_to(quiet, now + 500);
  }
  CHECK(loaded > 100);
}
