#include "dev/i8254.hpp"

#include <catch2/catch.hpp>

#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

// Ticks that take the chip `clocks` clocks further, from a clock's beginning to another's.
u64 ticks(u64 clocks) { return (clocks * kTicksPerSecond + I8254::kHz - 1) / I8254::kHz; }

struct Bench {
  Time time;
  I8254 pit{time.events, time.clock};
  Pin irq;
  Bench() { pit.output0.connect(irq, 0); }

  void program(u32 counter, u8 mode, u16 count, bool bcd = false) {
    pit.io_write(3, 1, counter << 6 | 0x30 | mode << 1 | (bcd ? 1 : 0));
    pit.io_write(counter, 1, count & 0xff);
    pit.io_write(counter, 1, count >> 8);
  }
  u16 read(u32 counter) {
    pit.io_write(3, 1, counter << 6);
    const u16 low = static_cast<u16>(pit.io_read(counter, 1));
    return static_cast<u16>(low | pit.io_read(counter, 1) << 8);
  }
};

}  // namespace

TEST_CASE("8254 mode 0: the output rises once, when the count is done") {
  Bench b;
  b.program(0, 0, 1000);
  CHECK_FALSE(b.irq.level);
  b.time.pass(ticks(1000));
  CHECK_FALSE(b.irq.level);
  b.time.pass(ticks(2));
  CHECK(b.irq.level);
  b.time.pass(ticks(200000));
  CHECK(b.irq.rises == 1);
}

TEST_CASE("8254 mode 2: a rising edge each period, for the whole second right") {
  Bench b;
  b.program(0, 2, 11932);  // 100 Hz
  b.irq.rises = 0;
  b.time.pass(kTicksPerSecond);
  CHECK(b.irq.rises == 99);  // 100 Hz is not exact: 99.998
  b.time.pass(kTicksPerSecond * 9);
  CHECK(b.irq.rises == 999);
}

TEST_CASE("8254 mode 3: half the period high, and odd counts one clock longer") {
  Bench b;
  b.program(2, 3, 5);
  b.pit.set_line(2, false);
  b.pit.set_line(2, true);
  b.time.pass(ticks(1));
  std::string wave;
  for (int i = 0; i < 10; ++i) {
    wave += b.pit.line_level(2) ? '1' : '0';
    b.time.pass(ticks(1));
  }
  CHECK(wave.find("11100111") != std::string::npos);
}

TEST_CASE("8254: a count of 1 in a periodic mode does not hang the machine") {
  Bench b;
  for (u8 mode : {2, 3}) {
    b.program(0, mode, 1);
    b.irq.rises = 0;
    b.time.pass(ticks(1000));
    CHECK(b.irq.rises <= 501);
    CHECK(b.irq.rises >= 498);
  }
}

TEST_CASE("8254: a count of 0 is the longest") {
  Bench b;
  b.program(0, 2, 0);
  b.irq.rises = 0;
  b.time.pass(ticks(65530));
  CHECK(b.irq.rises == 0);
  b.time.pass(ticks(10));
  CHECK(b.irq.rises == 1);
}

TEST_CASE("8254: counts count down, wrap in mode 0 and reload in mode 2") {
  Bench b;
  b.program(0, 0, 100);
  b.time.pass(ticks(41));
  CHECK(b.read(0) == 60);
  b.time.pass(ticks(61));
  CHECK(b.read(0) == 0xffff);
  b.program(1, 2, 100);
  b.time.pass(ticks(131));
  CHECK(b.read(1) == 70);
}

TEST_CASE("8254: BCD counts count in tens") {
  Bench b;
  b.program(1, 0, 0x0100, true);
  b.time.pass(ticks(2));
  CHECK(b.read(1) == 0x0099);
  b.time.pass(ticks(100));
  CHECK(b.read(1) == 0x9999);
}

TEST_CASE("8254: a latched count stands still until it is read, and a second latch is ignored") {
  Bench b;
  b.program(0, 2, 50000);
  b.time.pass(ticks(101));
  b.pit.io_write(3, 1, 0x00);
  b.time.pass(ticks(500));
  b.pit.io_write(3, 1, 0x00);
  const u64 low = b.pit.io_read(0, 1), high = b.pit.io_read(0, 1);
  CHECK((high << 8 | low) == 49900);
  CHECK(b.read(0) < 49500);
}

TEST_CASE("8254: read-back latches status and count of several counters at once") {
  Bench b;
  b.program(0, 2, 1000);
  b.program(2, 0, 10);
  b.pit.set_line(2, true);
  b.time.pass(ticks(20));
  b.pit.io_write(3, 1, 0xc0 | 0x02 | 0x08);
  CHECK(b.pit.io_read(0, 1) == (0x80 | 0x30 | 2 << 1));
  CHECK(b.pit.io_read(0, 1) != 0);  // then the count
  CHECK(b.pit.io_read(2, 1) == (0x80 | 0x30));
}

TEST_CASE("8254: one-shots wait for the gate and start again with it") {
  Bench b;
  b.pit.set_line(2, false);
  b.program(2, 1, 10);
  b.time.pass(ticks(50));
  CHECK(b.pit.line_level(2));
  b.pit.set_line(2, true);
  b.time.pass(ticks(5));
  CHECK_FALSE(b.pit.line_level(2));
  b.pit.set_line(2, false);
  b.pit.set_line(2, true);
  b.time.pass(ticks(8));
  CHECK_FALSE(b.pit.line_level(2));
  b.time.pass(ticks(4));
  CHECK(b.pit.line_level(2));
}

TEST_CASE("8254 mode 0: a low gate holds the count") {
  Bench b;
  b.pit.set_line(2, true);
  b.program(2, 0, 100);
  b.time.pass(ticks(31));
  b.pit.set_line(2, false);
  const u16 held = b.read(2);
  b.time.pass(ticks(1000));
  CHECK(b.read(2) == held);
  CHECK_FALSE(b.pit.line_level(2));
  b.pit.set_line(2, true);
  b.time.pass(ticks(100));
  CHECK(b.pit.line_level(2));
}

TEST_CASE("8254 modes 4 and 5: the strobe is one clock") {
  Bench b;
  for (u8 mode : {4, 5}) {
    b.program(0, mode, 50);
    b.pit.set_line(0, false);
    b.pit.set_line(0, true);
    b.irq.rises = 0;
    b.time.pass(ticks(49));
    CHECK(b.irq.level);
    b.time.pass(ticks(1000));
    CHECK(b.irq.level);
    CHECK(b.irq.rises == 1);
  }
}
