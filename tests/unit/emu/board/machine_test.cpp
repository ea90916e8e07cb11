#include "board/machine.hpp"

#include <algorithm>

#include "cpu/registers.hpp"
#include "replay/checkpoint.hpp"
#include "test_machine.hpp"

using namespace paemu;

namespace {

constexpr u64 kLong = 3'000'000;

bool saw(const TestMachine& m, MachineEvent::Kind kind) {
  return std::any_of(m.events.begin(), m.events.end(), [&](const MachineEvent& e) { return e.kind == kind; });
}

}  // namespace

TEST_CASE("the guest runs, takes timer interrupts and halts in between") {
  TestMachine m;
  TimedInput input;
  CHECK(m.machine->fresh());
  CHECK(m.run_to(input, kLong) == StopReason::None);
  CHECK_FALSE(m.machine->fresh());
  CHECK(m.machine->position().now == Ticks{kLong});
  CHECK(m.timer_ticks() > 20);  // every 84 microseconds
  CHECK(m.machine->position().retired < kLong);
}

TEST_CASE("where run slices end can't be noticed") {
  TestMachine whole;
  TimedInput input;
  input.type(1'000'000, 'x');
  input.type(1'700'001, 'y');
  whole.run_to(input, kLong);
  for (const u64 slice : {u64{1}, u64{7}, u64{1009}, u64{65536}}) {
    TestMachine sliced;
    TimedInput again(slice * 3 + 1);
    again.type(1'000'000, 'x');
    again.type(1'700'001, 'y');
    sliced.run_to(again, kLong, slice);
    CHECK(sliced.machine->position().retired == whole.machine->position().retired);
    CHECK(sliced.machine->state_hash() == whole.machine->state_hash());
  }
}

TEST_CASE("asking for the hash changes nothing") {
  TestMachine a, b;
  TimedInput in_a, in_b;
  for (u64 tick = 100'000; tick <= kLong; tick += 100'000) {
    a.run_to(in_a, tick);
    CHECK(a.machine->state_hash() == a.machine->state_hash());
  }
  b.run_to(in_b, kLong);
  CHECK(a.machine->state_hash() == b.machine->state_hash());
}

TEST_CASE("different input leads to another state") {
  TestMachine a, b;
  TimedInput in_a, in_b;
  in_a.type(1'000'000, 'x');
  in_b.type(1'000'001, 'x');
  a.run_to(in_a, 999'999);
  b.run_to(in_b, 999'999);
  CHECK(a.machine->state_hash() == b.machine->state_hash());
  a.run_to(in_a, kLong);
  b.run_to(in_b, kLong);
  CHECK(a.serial.text == "x");
  CHECK(b.serial.text == "x");
  CHECK(a.machine->state_hash() != b.machine->state_hash());
}

TEST_CASE("a loaded state goes on like the one that was saved") {
  TestMachine first;
  TimedInput input;
  REQUIRE(
      first.machine->plan_insert(DimmSpec{.id = "dimm1", .slot = ~0u, .base = GuestPhys{~u64{0}}, .size = 128 * kMiB})
          .ok());
  input.at(500'000,
           arrival::dimm_insert(DimmSpec{.id = "dimm1", .slot = ~0u, .base = GuestPhys{~u64{0}}, .size = 128 * kMiB}));
  first.run_to(input, 1'234'567);
  const std::vector<u8> state = first.machine->save_state();
  TestMachine second;
  REQUIRE(second.machine->load_state(state).ok());
  first.machine->visit_pages(
      [&](Pfn frame, std::span<const u8> page) { REQUIRE(second.machine->load_page(frame, page).ok()); });
  CHECK(second.machine->state_hash() == first.machine->state_hash());
  CHECK(second.machine->dimms().size() == 2);
  TimedInput one, other;
  first.run_to(one, kLong);
  second.run_to(other, kLong);
  CHECK(second.machine->position().retired == first.machine->position().retired);
  CHECK(second.machine->state_hash() == first.machine->state_hash());
}

TEST_CASE("a state that is cut off or not of this machine is refused") {
  TestMachine m;
  TimedInput input;
  m.run_to(input, 100'000);
  const std::vector<u8> state = m.machine->save_state();
  for (usize size = 0; size < state.size(); size += 1 + state.size() / 97) {
    TestMachine other;
    CHECK_FALSE(other.machine->load_state(std::span(state).first(size)).ok());
  }
  const std::vector<u8> page(kPageSize, 1);
  CHECK_FALSE(m.machine->load_page(Pfn{0xfee00}, page).ok());
}

TEST_CASE("the debug-exit port ends the run with its code") {
  TestMachine m;
  TimedInput input;
  input.type(200'000, 'q');
  CHECK(m.run_to(input, kLong) == StopReason::DebugExit);
  CHECK(m.machine->exit_code() == 43);
}

TEST_CASE("ACPI S5 ends the run") {
  TestMachine m;
  TimedInput input;
  input.type(200'000, 'p');
  CHECK(m.run_to(input, kLong) == StopReason::GuestPowerOff);
  CHECK(m.machine->exit_code() == 0);
  CHECK(saw(m, MachineEvent::Kind::Shutdown));
}

TEST_CASE("a guest that resets or shuts down starts again, or ends the run if it may not") {
  for (const char how : {'r', 't'}) {
    TestMachine m;
    TimedInput input;
    input.type(200'000, how);
    CHECK(m.run_to(input, kLong) == StopReason::None);
    CHECK(m.starts() == 2);
    CHECK(saw(m, MachineEvent::Kind::Reset));
    MachineConfig config = TestMachine::small();
    config.reboot = false;
    TestMachine once(config);
    TimedInput again;
    again.type(200'000, how);
    CHECK(once.run_to(again, kLong) == (how == 'r' ? StopReason::GuestReset : StopReason::TripleFault));
    CHECK(once.starts() == 1);
  }
}

TEST_CASE("a reset by the monitor starts the guest again") {
  TestMachine m;
  TimedInput input;
  input.at(200'000, arrival::reset_by_monitor());
  CHECK(m.run_to(input, kLong) == StopReason::None);
  CHECK(m.starts() == 2);
  CHECK(m.timer_ticks() > 0);
}

TEST_CASE("a guest that halts with interrupts off goes on after an NMI or a reset only") {
  TestMachine m;
  TimedInput input;
  input.type(200'000, 'd');
  CHECK(m.run_to(input, kLong) == StopReason::None);
  const u32 ticks = m.timer_ticks();
  m.run_to(input, 2 * kLong);
  CHECK(m.timer_ticks() == ticks);
  input.at(0, arrival::reset_by_monitor());
  m.run_to(input, 3 * kLong);
  CHECK(m.starts() == 2);
}

TEST_CASE("arrivals that make no sense are dropped with a line on the log") {
  TestMachine m;
  TimedInput input;
  input.at(1000, arrival::dimm_eject_request("nobody"));
  input.at(1000, arrival::dimm_surprise_pull("boot0"));
  input.at(1000, arrival::dimm_insert(DimmSpec{.id = "dimm1", .base = GuestPhys{0}, .size = 3}));
  input.at(1000, Arrival{{}, InputKind::RtcStart, {1}});
  input.at(1000, Arrival{{}, static_cast<InputKind>(77), {}});
  CHECK(m.run_to(input, 10'000) == StopReason::None);
  CHECK(m.log.lines.size() == 5);
  CHECK(m.machine->dimms().size() == 1);
}

TEST_CASE("the machine names its devices and describes them field by field") {
  TestMachine m;
  const auto names = m.machine->devices();
  CHECK(std::find(names.begin(), names.end(), "pic") != names.end());
  for (const std::string& name : names) CHECK(m.machine->describe(name).starts_with(name + ":"));
  CHECK(m.machine->describe("teapot").empty());
  CHECK(m.machine->registers(0).cpu.segment[1].base == 0xffff0000);
}

TEST_CASE("linear memory is read where it is mapped") {
  TestMachine m;
  u8 bytes[16];
  REQUIRE(m.machine->read_linear(0, GuestLinear{0xffff0}, bytes));
  CHECK(bytes[0] == 0xea);  // jmp far
  CHECK_FALSE(m.machine->read_linear(0, GuestLinear{0xa0000}, bytes));
}

TEST_CASE("a configuration that can't be is refused in one sentence") {
  CollectedSerial serial;
  CollectedLog log;
  CHECK_FALSE(Machine::create(TestMachine::small(), Images{}, serial, log).ok());
  MachineConfig zero = TestMachine::small();
  zero.ram_size = 0;
  Images images;
  images.firmware.assign(65536, 0);
  CHECK_FALSE(Machine::create(zero, images, serial, log).ok());
}
