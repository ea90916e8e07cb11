#include "dev/hpet.hpp"

#include <catch2/catch.hpp>

#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

constexpr u32 kConfig = 0x10, kStatus = 0x20, kCounter = 0xf0, kTimer0 = 0x100, kTimer1 = 0x120, kTimer2 = 0x140;
constexpr u32 kComparator = 8;
constexpr u32 kEnable = 1, kLegacy = 2;
constexpr u32 kLevel = 1 << 1, kInterrupt = 1 << 2, kPeriodic = 1 << 3, kSetValue = 1 << 6, k32Bits = 1 << 8;
constexpr u32 route(u32 pin) { return pin << 9; }

struct Routes final : LineInput {
  Pin pin[24];
  void set_line(u32 number, bool level) override { pin[number].set_line(0, level); }
};

struct Board {
  Time time;
  Hpet hpet{time.events, time.clock};
  Pin irq0, irq8;
  Routes routes;
  Board() {
    hpet.legacy_timer.connect(irq0, 0);
    hpet.legacy_rtc.connect(irq8, 0);
    hpet.connect_routes(routes);
  }
  u64 read(u32 offset) { return hpet.io_read(offset, 8); }
  void write(u32 offset, u64 value) { hpet.io_write(offset, 8, value); }
};

}  // namespace

TEST_CASE("the HPET says what it is: 100 MHz, three timers, one of them periodic") {
  Board b;
  CHECK(b.read(0) == 0x009896808086a201);
  CHECK(b.hpet.io_read(4, 4) == 10'000'000);
  CHECK((b.read(kTimer0) & 0xffffffff) == 0x30);
  CHECK((b.read(kTimer1) & 0xffffffff) == 0x20);
  CHECK(b.read(kTimer2) >> 32 == 0x00f00000);
  b.write(0, 0);
  CHECK(b.read(0) == 0x009896808086a201);
}

TEST_CASE("the HPET's counter counts while enabled, and can be written while it stands") {
  Board b;
  b.time.pass(1000);
  CHECK(b.read(kCounter) == 0);
  b.write(kCounter, 0x1'0000'0000 - 5);
  b.write(kConfig, kEnable);
  b.time.pass(109);
  CHECK(b.read(kCounter) == 0x1'0000'0005);
  CHECK(b.hpet.io_read(kCounter + 4, 4) == 1);
  b.write(kCounter, 7);
  CHECK(b.read(kCounter) == 0x1'0000'0005);
  b.write(kConfig, 0);
  b.time.pass(1000);
  CHECK(b.read(kCounter) == 0x1'0000'0005);
  b.hpet.io_write(kCounter + 4, 4, 0);
  CHECK(b.read(kCounter) == 5);
}

TEST_CASE("an HPET timer matches once, when the counter comes to its comparator") {
  Board b;
  b.write(kTimer2, kInterrupt | route(20));
  b.write(kTimer2 + kComparator, 100);
  b.write(kConfig, kEnable);
  b.time.pass(999);
  CHECK(b.routes.pin[20].rises == 0);
  b.time.pass(1);
  CHECK(b.routes.pin[20].rises == 1);
  CHECK_FALSE(b.routes.pin[20].level);
  CHECK(b.read(kStatus) == 0);  // an edge has no status
  b.time.pass(100'000);
  CHECK(b.routes.pin[20].rises == 1);
}

TEST_CASE("a level-triggered HPET timer holds its line until its status is cleared") {
  Board b;
  b.write(kTimer1, kInterrupt | kLevel | route(21));
  b.write(kTimer1 + kComparator, 10);
  b.write(kConfig, kEnable);
  b.time.pass(500);
  CHECK(b.routes.pin[21].level);
  CHECK(b.read(kStatus) == 2);
  b.write(kStatus, 1);
  CHECK(b.routes.pin[21].level);
  b.write(kStatus, 2);
  CHECK_FALSE(b.routes.pin[21].level);
  CHECK(b.read(kStatus) == 0);
}

TEST_CASE("a periodic HPET timer goes on by its period; its first match is set apart") {
  Board b;
  b.write(kTimer0, kInterrupt | kPeriodic | kSetValue | route(22));
  b.write(kTimer0 + kComparator, 50);
  b.write(kTimer0 + kComparator, 100);
  CHECK(b.read(kTimer0 + kComparator) == 50);
  b.write(kConfig, kEnable);
  b.time.pass(500);
  CHECK(b.routes.pin[22].rises == 1);
  b.time.pass(999);
  CHECK(b.routes.pin[22].rises == 1);
  b.time.pass(1);
  CHECK(b.routes.pin[22].rises == 2);
  CHECK(b.read(kTimer0 + kComparator) == 250);
}

TEST_CASE("an HPET timer that drives nothing has no events, and is where it would be with them") {
  for (const u32 width : {0u, k32Bits}) {
    Board b;
    b.write(kCounter, 0xffff'ff00);
    b.write(kTimer0, kPeriodic | kSetValue | width | route(22));
    b.write(kTimer0 + kComparator, 0xffff'ff32);
    b.write(kTimer0 + kComparator, 100);
    b.write(kConfig, kEnable);
    b.time.pass(499);
    CHECK(b.read(kTimer0 + kComparator) == 0xffff'ff32);
    b.time.pass(1);
    CHECK(b.read(kTimer0 + kComparator) == 0xffff'ff96);
    b.time.pass(1'000'000 + 3);
    CHECK(b.time.events.next_deadline() == kNever);
    const u64 expected = u64{0xffff'ff00} + 100'050 + 100;
    CHECK(b.read(kTimer0 + kComparator) == (width != 0 ? expected & 0xffff'ffff : expected));
    // Its interrupt is on from here: the next match is that of the comparator.
    b.write(kTimer0, kInterrupt | kPeriodic | width | route(22));
    b.time.pass(996);
    CHECK(b.routes.pin[22].rises == 0);
    b.time.pass(1);
    CHECK(b.routes.pin[22].rises == 1);
    b.time.pass(3000);
    CHECK(b.routes.pin[22].rises == 4);
    // And off again, while it stands for a while.
    b.write(kTimer0, kPeriodic | width | route(22));
    b.write(kConfig, 0);
    b.time.pass(5000);
    b.write(kConfig, kEnable);
    b.time.pass(1000);
    CHECK(b.routes.pin[22].rises == 4);
    CHECK(b.read(kTimer0 + kComparator) == (width != 0 ? (expected + 500) & 0xffff'ffff : expected + 500));
  }
}

TEST_CASE("an HPET timer in 32-bit mode looks at the counter's low half only") {
  Board b;
  b.write(kCounter, 0x1'ffff'fff0);
  b.write(kTimer0, kInterrupt | k32Bits | route(20));
  b.write(kTimer0 + kComparator, 0x9'0000'0004);
  CHECK(b.read(kTimer0 + kComparator) == 4);
  b.write(kConfig, kEnable);
  b.time.pass(199);
  CHECK(b.routes.pin[20].rises == 0);
  b.time.pass(1);
  CHECK(b.routes.pin[20].rises == 1);
}

TEST_CASE("legacy replacement gives the HPET's timers 0 and 1 the lines of 8254 and MC146818") {
  Board b;
  CHECK_FALSE(b.hpet.line_level(0));
  b.write(kTimer0, kInterrupt | route(20));
  b.write(kTimer0 + kComparator, 10);
  b.write(kTimer1, kInterrupt);
  b.write(kTimer1 + kComparator, 20);
  b.write(kConfig, kEnable | kLegacy);
  CHECK(b.hpet.line_level(0));
  b.time.pass(200);
  CHECK(b.irq0.rises == 1);
  CHECK(b.irq8.rises == 1);
  CHECK(b.routes.pin[20].rises == 0);
  b.write(kConfig, kLegacy);
  CHECK_FALSE(b.hpet.line_level(0));
}

TEST_CASE("an HPET timer keeps no route that it can't take, and reset stops all") {
  Board b;
  b.write(kTimer0, kInterrupt | route(5));
  CHECK((b.read(kTimer0) & route(31)) == 0);
  b.write(kTimer0 + kComparator, 10);
  b.write(kConfig, kEnable);
  b.hpet.reset();
  b.time.pass(1000);
  CHECK(b.read(kCounter) == 0);
  CHECK(b.read(kTimer0 + kComparator) == ~u64{0});
}

TEST_CASE("bytes and misaligned accesses do nothing in the HPET") {
  Board b;
  b.hpet.io_write(kConfig, 1, 1);
  b.hpet.io_write(kConfig + 2, 4, 1);
  CHECK(b.read(kConfig) == 0);
  CHECK(b.hpet.io_read(kConfig, 2) == ~u64{0});
}
