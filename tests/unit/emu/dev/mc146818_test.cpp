#include "dev/mc146818.hpp"

#include <catch2/catch.hpp>

#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

struct Bench {
  Time time;
  Mc146818 rtc{time.events, time.clock};
  Pin irq;
  Bench() { rtc.irq.connect(irq, 8); }

  u8 get(u8 index) {
    rtc.io_write(0, 1, index);
    return static_cast<u8>(rtc.io_read(1, 1));
  }
  void set(u8 index, u8 value) {
    rtc.io_write(0, 1, index);
    rtc.io_write(1, 1, value);
  }
  std::vector<u8> date() { return {get(0x32), get(9), get(8), get(7), get(6), get(4), get(2), get(0)}; }
};

}  // namespace

TEST_CASE("RTC: the start time is shown in BCD, 24 hours") {
  Bench b;
  b.rtc.start(1709207999);  // 2024-02-29 11:59:59, a Thursday
  CHECK(b.date() == std::vector<u8>{0x20, 0x24, 0x02, 0x29, 0x05, 0x11, 0x59, 0x59});
}

TEST_CASE("RTC: seconds carry through to the century") {
  Bench b;
  b.rtc.start(4102444799);  // 2099-12-31 23:59:59
  b.time.pass(kTicksPerSecond);
  CHECK(b.date() == std::vector<u8>{0x21, 0x00, 0x01, 0x01, 0x06, 0x00, 0x00, 0x00});
}

TEST_CASE("RTC: February has 29 days in a leap year and 28 in 2100") {
  Bench b;
  b.rtc.start(1709251199);  // 2024-02-29 23:59:59
  b.time.pass(kTicksPerSecond);
  CHECK(b.get(8) == 0x03);
  b.rtc.start(4107542399);  // 2100-02-28 23:59:59
  b.time.pass(kTicksPerSecond);
  CHECK(b.get(8) == 0x03);
}

TEST_CASE("RTC: a start beyond all calendars is cut to the last second that fits") {
  Bench b;
  b.rtc.start(INT64_MAX);
  CHECK(b.get(0x32) == 0x99);
  b.rtc.start(INT64_MIN);
  CHECK(b.get(9) == 0x70);
}

TEST_CASE("RTC: 12-hour mode tells afternoon by the top bit") {
  Bench b;
  b.set(0x0b, 0x04);  // binary, 12 hours
  b.rtc.start(0);
  CHECK(b.get(4) == 12);
  b.time.pass(kTicksPerSecond * 3600 * 12);
  CHECK(b.get(4) == 0x8c);
  b.time.pass(kTicksPerSecond * 3600);
  CHECK(b.get(4) == 0x81);
  b.time.pass(kTicksPerSecond * 3600 * 11);
  CHECK(b.get(4) == 12);
  CHECK(b.get(7) == 2);
}

TEST_CASE("RTC: while SET is on the clock stands") {
  Bench b;
  b.rtc.start(0);
  b.set(0x0b, 0x82);
  b.time.pass(kTicksPerSecond * 5);
  CHECK(b.get(0) == 0);
  b.set(0x0b, 0x02);
  b.time.pass(kTicksPerSecond);
  CHECK(b.get(0) == 1);
}

TEST_CASE("RTC: UIP is on shortly before the second turns") {
  Bench b;
  b.rtc.start(0);
  CHECK((b.get(0x0a) & 0x80) == 0);
  b.time.pass(kTicksPerSecond - 200'000);
  CHECK((b.get(0x0a) & 0x80) != 0);
  b.time.pass(200'000);
  CHECK((b.get(0x0a) & 0x80) == 0);
}

TEST_CASE("RTC: the periodic interrupt comes at its rate once register C is read") {
  Bench b;
  b.set(0x0b, 0x42);
  u32 count = 0;
  for (int i = 0; i < 10000; ++i) {
    b.time.pass(100'000);
    if (!b.irq.level) continue;
    ++count;
    CHECK((b.get(0x0c) & 0xc0) == 0xc0);
    CHECK_FALSE(b.irq.level);
  }
  CHECK(count == 1024);
}

TEST_CASE("RTC: PF is seen by polling, without an interrupt") {
  Bench b;
  b.get(0x0c);
  b.time.pass(2'000'000);
  CHECK((b.get(0x0c) & 0xc0) == 0x40);
  CHECK(b.get(0x0c) == 0);
  CHECK(b.irq.rises == 0);
}

TEST_CASE("RTC: the alarm rings at its time, and every second with don't-cares") {
  Bench b;
  b.rtc.start(0);
  b.set(1, 0x03);
  b.set(3, 0xff);
  b.set(5, 0xff);
  b.set(0x0b, 0x22);
  b.time.pass(kTicksPerSecond * 2);
  CHECK_FALSE(b.irq.level);
  b.time.pass(kTicksPerSecond);
  CHECK(b.irq.level);
  CHECK((b.get(0x0c) & 0xa0) == 0xa0);
}

TEST_CASE("RTC: memory sizes are where firmware looks for them") {
  Bench b;
  b.rtc.set_memory_size(kGiB, 2 * kGiB);
  CHECK((b.get(0x34) | b.get(0x35) << 8) == (kGiB - 16 * kMiB) / 65536);
  CHECK((b.get(0x30) | b.get(0x31) << 8) == 0xffff);
  CHECK((b.get(0x5b) | b.get(0x5c) << 8 | b.get(0x5d) << 16) == 2 * kGiB / 65536);
}

TEST_CASE("RTC: the boot order is three nibbles, as QEMU's firmware reads them") {
  Bench b;
  b.rtc.set_boot_order("dca");
  CHECK(b.get(0x3d) == 0x23);
  CHECK(b.get(0x38) == 0x11);
  b.rtc.set_boot_order("n?");
  CHECK(b.get(0x3d) == 0x04);
  CHECK(b.get(0x38) == 0x01);
}
