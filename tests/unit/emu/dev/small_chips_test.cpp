// The keyboard controller and the odd ports.
#include <catch2/catch.hpp>

#include "dev/coprocessor_error.hpp"
#include "dev/debug_exit.hpp"
#include "dev/port_e9.hpp"
#include "dev/system_control.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

struct FakeTimer final : LineProbe {
  bool level = false;
  bool line_level(u32 pin) const override { return pin == 2 && level; }
};

}  // namespace

TEST_CASE("port 0x61 gates the timer, shows its output and the refresh toggle") {
  Time time;
  FakeTimer timer;
  Pin gate;
  SystemControl s(time.clock, timer, {.set_a20 = [](bool) {}, .reset = [] {}});
  s.timer_gate.connect(gate, 2);
  s.port_61().io_write(0, 1, 0x01);
  CHECK(gate.level);
  CHECK((s.port_61().io_read(0, 1) & 0x2f) == 0x01);
  timer.level = true;
  CHECK((s.port_61().io_read(0, 1) & 0x20) != 0);
  const u64 before = s.port_61().io_read(0, 1) & 0x10;
  time.pass(15'100);
  CHECK((s.port_61().io_read(0, 1) & 0x10) != before);
}

TEST_CASE("port 0xcf9 resets on a rising edge, and PCI addresses do not") {
  Time time;
  FakeTimer timer;
  u32 resets = 0;
  SystemControl s(time.clock, timer, {.set_a20 = [](bool) {}, .reset = [&] { ++resets; }});
  s.port_cf8().io_write(0, 4, 0x80000600);
  s.port_cf8().io_write(1, 2, 0x0606);
  CHECK(resets == 0);
  CHECK(s.port_cf8().io_read(0, 4) == ~u64{0});
  s.port_cf8().io_write(1, 1, 0x02);
  CHECK(resets == 0);
  s.port_cf8().io_write(1, 1, 0x06);
  CHECK(resets == 1);
  s.port_92().io_write(0, 1, 0x03);
  CHECK(resets == 2);
}

TEST_CASE("the debug console writes whole lines, and cuts endless ones") {
  Lines log;
  Sink sink;
  PortE9 e9(log, PortE9::Lines::kToLog, sink, PortE9::Bytes::kNo);
  for (char c : std::string_view("one\r\ntwo\n")) e9.io_write(0, 1, static_cast<u8>(c));
  CHECK(log.lines == std::vector<std::string>{"guest: one", "guest: two"});
  for (int i = 0; i < 3000; ++i) e9.io_write(0, 1, 'x');
  CHECK(log.lines.size() == 4);
}

TEST_CASE("the debug-exit port passes on what was written") {
  u32 seen = 0;
  DebugExit d([&](u32 v) { seen = v; });
  d.io_write(0, 4, 0x21);
  CHECK(seen == 0x21);
}

TEST_CASE("port F0 lowers IRQ 13 and has errors ignored until FERR# is released") {
  CoprocessorError chip;
  Pin irq;
  chip.irq.connect(irq, 13);
  chip.io_write(0, 1, 0);
  CHECK_FALSE(chip.ignored());  // IGNNE# needs FERR#
  chip.set_error(true);
  CHECK(irq.level);
  chip.io_write(0, 1, 0);
  CHECK_FALSE(irq.level);
  CHECK(chip.ignored());
  chip.set_error(false);
  CHECK_FALSE(chip.ignored());
  chip.set_error(true);
  CHECK(irq.rises == 2);
}
