// The keyboard controller and the odd ports.
#include <catch2/catch.hpp>

#include "dev/coprocessor_error.hpp"
#include "dev/debug_exit.hpp"
#include "dev/i8042.hpp"
#include "dev/port_e9.hpp"
#include "dev/system_control.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

struct Keyboard {
  std::vector<bool> a20;
  u32 resets = 0;
  I8042 kbc{{.set_a20 = [this](bool on) { a20.push_back(on); }, .reset = [this] { ++resets; }}};
  Pin irq;
  Keyboard() { kbc.irq.connect(irq, 1); }
  u8 status() { return static_cast<u8>(kbc.command_port().io_read(0, 1)); }
  u8 data() { return static_cast<u8>(kbc.data_port().io_read(0, 1)); }
  void command(u8 v) { kbc.command_port().io_write(0, 1, v); }
  void write(u8 v) { kbc.data_port().io_write(0, 1, v); }
};

struct FakeTimer final : LineProbe {
  bool level = false;
  bool line_level(u32 pin) const override { return pin == 2 && level; }
};

}  // namespace

TEST_CASE("8042: self test, command byte and the output buffer") {
  Keyboard k;
  k.command(0xaa);
  CHECK((k.status() & 1) != 0);
  CHECK(k.data() == 0x55);
  CHECK((k.status() & 3) == 0);
  k.command(0x60);
  k.write(0x44);
  k.command(0x20);
  CHECK(k.data() == 0x44);
  CHECK(k.irq.rises <= 1);
}

TEST_CASE("8042: keys interrupt one byte at a time") {
  Keyboard k;
  const u8 codes[] = {0x1e, 0x9e};
  k.kbc.keys(codes);
  CHECK(k.irq.rises == 1);
  CHECK(k.data() == 0x1e);
  CHECK(k.irq.rises == 2);
  CHECK(k.data() == 0x9e);
  CHECK_FALSE(k.irq.level);
  k.command(0xad);
  k.kbc.keys(codes);
  CHECK((k.status() & 1) == 0);
}

TEST_CASE("8042: the keyboard answers its reset and identifies itself") {
  Keyboard k;
  k.write(0xff);
  CHECK(k.data() == 0xfa);
  CHECK(k.data() == 0xaa);
  k.write(0xf2);
  CHECK(k.data() == 0xfa);
  CHECK(k.data() == 0xab);
  k.data();
  k.write(0xed);
  k.write(0x07);
  CHECK(k.data() == 0xfa);
  CHECK(k.data() == 0xfa);
  k.write(0x00);
  CHECK(k.data() == 0xfe);
}

TEST_CASE("8042: A20 and the reset line") {
  Keyboard k;
  k.command(0xd1);
  k.write(0xdd);
  CHECK(k.a20 == std::vector<bool>{false});
  k.command(0xfe);
  CHECK(k.resets == 1);
}

TEST_CASE("8042: a flood of commands fills the buffer and no more") {
  Keyboard k;
  for (int i = 0; i < 1000; ++i) k.command(0xaa);
  for (u32 i = 0; i < I8042::kQueueSize; ++i) k.data();
  CHECK((k.status() & 1) == 0);
}

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
