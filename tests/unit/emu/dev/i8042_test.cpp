// The keyboard controller with keyboard and mouse, as a driver talks to them.
#include "dev/i8042.hpp"

#include <catch2/catch.hpp>

#include "dev/ps2_keyboard.hpp"
#include "dev/ps2_mouse.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

using Bytes = std::vector<u8>;

struct Desk {
  Time time;
  std::vector<bool> a20;
  u32 resets = 0;
  Ps2Keyboard keyboard{time.events, time.clock};
  Ps2Mouse mouse;
  I8042 kbc{{.set_a20 = [this](bool on) { a20.push_back(on); }, .reset = [this] { ++resets; }}, keyboard, mouse};
  Pin irq1, irq12;

  Desk() {
    keyboard.attention.connect(kbc.attention(), 0);
    mouse.attention.connect(kbc.attention(), 1);
    kbc.keyboard_irq.connect(irq1, 1);
    kbc.mouse_irq.connect(irq12, 12);
  }
  u8 status() { return static_cast<u8>(kbc.command_port().io_read(0, 1)); }
  u8 data() { return static_cast<u8>(kbc.data_port().io_read(0, 1)); }
  void command(u8 v) { kbc.command_port().io_write(0, 1, v); }
  void write(u8 v) { kbc.data_port().io_write(0, 1, v); }
  void command_byte(u8 v) { command(0x60), write(v); }
  void to_mouse(u8 v) { command(0xd4), write(v); }
  Bytes all() {
    Bytes bytes;
    while (status() & 1) bytes.push_back(data());
    return bytes;
  }
  Bytes keys(Bytes codes) {
    keyboard.keys(codes);
    return all();
  }
  // Without translation: what the keyboard says itself.
  void raw() { command_byte(0x07); }
};

}  // namespace

TEST_CASE("8042: self test, its memory, and what the status says") {
  Desk d;
  d.command(0xaa);
  CHECK(d.status() == 0x1d);  // full, system flag, a command, not locked
  CHECK(d.data() == 0x55);
  d.command_byte(0x44);
  CHECK((d.status() & 0x08) == 0);
  d.command(0x20);
  CHECK(d.all() == Bytes{0x44});
  d.command(0x65);
  d.write(0x99);
  d.command(0x25);
  CHECK(d.all() == Bytes{0x99});
  for (u8 test : {0xa9, 0xab}) {
    d.command(test);
    CHECK(d.all() == Bytes{0x00});
  }
}

TEST_CASE("8042: keys interrupt one byte at a time, and wait while their port is off") {
  Desk d;
  const u8 codes[] = {0x1e, 0x9e};
  d.keyboard.keys(codes);
  CHECK(d.irq1.rises == 1);
  CHECK(d.data() == 0x1e);
  CHECK(d.irq1.rises == 2);
  CHECK(d.data() == 0x9e);
  CHECK_FALSE(d.irq1.level);
  d.command(0xad);
  d.keyboard.keys(codes);
  CHECK((d.status() & 1) == 0);
  d.command(0xae);
  CHECK(d.all() == Bytes{0x1e, 0x9e});
}

TEST_CASE("8042: A20 and the reset line") {
  Desk d;
  d.command(0xd1);
  d.write(0xdd);
  CHECK(d.a20 == std::vector<bool>{false});
  d.command(0xdf);
  CHECK(d.a20.back());
  d.command(0xfe);
  CHECK(d.resets == 1);
}

TEST_CASE("8042: D2 and D3 put bytes into the output buffer as if a device had sent them") {
  Desk d;
  d.command_byte(0x47);
  d.command(0xd3);
  d.write(0x5a);
  CHECK((d.status() & 0x21) == 0x21);
  CHECK(d.irq12.rises == 1);
  CHECK(d.data() == 0x5a);
  d.command(0xd2);
  d.write(0xa5);
  CHECK((d.status() & 0x21) == 0x01);
  CHECK(d.irq1.rises == 1);
  CHECK(d.data() == 0xa5);
}

TEST_CASE("keyboard: all sets and the translation say what the manual's key tables say") {
  Desk d;
  const struct {
    const char* key;
    Bytes set1, set2, set3;
  } rows[] = {
      {"a", {0x1e, 0x9e}, {0x1c, 0xf0, 0x1c}, {0x1c, 0xf0, 0x1c}},
      {"F7", {0x41, 0xc1}, {0x83, 0xf0, 0x83}, {0x37, 0xf0, 0x37}},
      {"Escape", {0x01, 0x81}, {0x76, 0xf0, 0x76}, {0x08, 0xf0, 0x08}},
      {"right Control", {0xe0, 0x1d, 0xe0, 0x9d}, {0xe0, 0x14, 0xe0, 0xf0, 0x14}, {0x58, 0xf0, 0x58}},
      {"Up", {0xe0, 0x48, 0xe0, 0xc8}, {0xe0, 0x75, 0xe0, 0xf0, 0x75}, {0x63, 0xf0, 0x63}},
      {"102nd key", {0x56, 0xd6}, {0x61, 0xf0, 0x61}, {0x13, 0xf0, 0x13}},
      {"Pause",
       {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5},
       {0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77},
       {0x62, 0xf0, 0x62}},
  };
  for (const auto& row : rows) {
    INFO(row.key);
    CHECK(d.keys(row.set1) == row.set1);  // set 2, translated
  }
  d.raw();
  for (const auto& row : rows) {
    INFO(row.key);
    CHECK(d.keys(row.set1) == row.set2);
  }
  d.write(0xf0), d.write(0x01);
  CHECK(d.all() == Bytes{0xfa, 0xfa});
  for (const auto& row : rows) CHECK(d.keys(row.set1) == row.set1);
  d.write(0xf0), d.write(0x03);
  d.all();
  for (const auto& row : rows) {
    INFO(row.key);
    CHECK(d.keys(row.set1) == row.set3);
  }
  d.write(0xf0), d.write(0x00);
  CHECK(d.all() == Bytes{0xfa, 0xfa, 0x03});
}

TEST_CASE("keyboard: its commands are answered") {
  Desk d;
  d.raw();
  d.write(0xff);
  CHECK(d.all() == Bytes{0xfa, 0xaa});
  d.write(0xf2);
  CHECK(d.all() == Bytes{0xfa, 0xab, 0x83});
  d.write(0xed), d.write(0x07);
  CHECK(d.all() == Bytes{0xfa, 0xfa});
  CHECK(d.keyboard.state().leds == 7);
  d.write(0xee);
  CHECK(d.all() == Bytes{0xee});
  d.write(0xfe);
  CHECK(d.all() == Bytes{0xee});
  d.write(0x00);
  CHECK(d.all() == Bytes{0xfe});
  d.write(0xf5);
  CHECK(d.all() == Bytes{0xfa});
  CHECK(d.keys({0x1e}).empty());
  d.write(0xf4);
  CHECK(d.all() == Bytes{0xfa});
  // A command in the place of an argument is that command.
  d.write(0xed), d.write(0xee);
  CHECK(d.all().back() == 0xee);
  d.command_byte(0x47);
  d.write(0xf2);
  CHECK(d.all() == Bytes{0xfa, 0xab, 0x41});  // translated
}

TEST_CASE("keyboard: a key that is held repeats after its delay, at its rate, until it is let go") {
  Desk d;
  d.write(0xf3), d.write(0x00);  // a quarter of a second, then every 33 ms
  d.all();
  CHECK(d.keys({0x1e}) == Bytes{0x1e});
  d.time.pass(249'000'000);
  CHECK(d.all().empty());
  d.time.pass(2'000'000);
  CHECK(d.all() == Bytes{0x1e});
  d.time.pass(34'000'000);
  CHECK(d.all() == Bytes{0x1e});
  CHECK(d.keys({0x9e}) == Bytes{0x9e});
  d.time.pass(1'000'000'000);
  CHECK(d.all().empty());
}

TEST_CASE("mouse: reset, identification, and the two knocks") {
  Desk d;
  const auto answers = [&](std::initializer_list<int> bytes) {
    for (int byte : bytes) d.to_mouse(static_cast<u8>(byte));
    return d.all();
  };
  CHECK(answers({0xff}) == Bytes{0xfa, 0xaa, 0x00});
  CHECK(answers({0xf2}) == Bytes{0xfa, 0x00});
  CHECK(answers({0xe9}) == Bytes{0xfa, 0x00, 0x02, 0x64});
  for (int rate : {200, 100, 80}) CHECK(answers({0xf3, rate}).back() == 0xfa);
  CHECK(answers({0xf2}) == Bytes{0xfa, 0x03});
  for (int rate : {200, 200, 80}) answers({0xf3, rate});
  CHECK(answers({0xf2}) == Bytes{0xfa, 0x04});
  CHECK(answers({0xee}) == Bytes{0xfa});
  CHECK(answers({0x12}) == Bytes{0x12});
  CHECK(answers({0xec}) == Bytes{0xfa});
  CHECK(answers({0xe8, 0x09}).back() == 0xfe);
  CHECK(answers({0xff}) == Bytes{0xfa, 0xaa, 0x00});
  CHECK(answers({0xf2}) == Bytes{0xfa, 0x00});
}

TEST_CASE("mouse: packets tell movement, buttons and wheel, and gather what the host is late for") {
  Desk d;
  d.command_byte(0x47);
  d.mouse.move(1, 1, 0, 0);
  CHECK(d.all().empty());  // nobody has enabled it
  d.to_mouse(0xf4);
  CHECK(d.all() == Bytes{0xfa});
  const u32 before = d.irq12.rises;
  d.mouse.move(5, 3, 0, 1);
  CHECK(d.irq12.rises == before + 1);
  CHECK((d.status() & 0x20) != 0);
  CHECK(d.all() == Bytes{0x29, 5, 0xfd});  // down is negative
  d.mouse.move(-300, 0, 0, 0);
  CHECK(d.all() == Bytes{0x18, 0x01, 0, 0x18, 0xd3, 0});
  for (int i = 0; i < 1000; ++i) d.mouse.move(1, 0, 0, 0);
  i32 sum = 0;
  const Bytes late = d.all();
  for (usize i = 0; i < late.size(); i += 3) sum += late[i + 1];
  CHECK(sum == 1000);
  for (u8 rate : {200, 100, 80}) d.to_mouse(0xf3), d.to_mouse(rate), d.all();
  d.mouse.move(0, 0, -1, 0);
  CHECK(d.all() == Bytes{0x08, 0, 0, 0xff});
  for (u8 rate : {200, 200, 80}) d.to_mouse(0xf3), d.to_mouse(rate), d.all();
  d.mouse.move(0, 0, 1, 0x10);
  CHECK(d.all() == Bytes{0x08, 0, 0, 0x21});
}

TEST_CASE("mouse: in remote mode it speaks when asked") {
  Desk d;
  d.to_mouse(0xf0);
  d.all();
  d.mouse.move(2, -2, 0, 4);
  CHECK(d.all().empty());
  d.to_mouse(0xeb);
  CHECK(d.all() == Bytes{0xfa, 0x0c, 2, 2});
}

TEST_CASE("8042: a mouse whose port is off waits, and answers that nobody takes come to an end") {
  Desk d;
  d.to_mouse(0xf4);
  CHECK(d.all() == Bytes{0xfa});
  d.command_byte(0x67);  // bit 5: the mouse's clock is low
  d.mouse.move(5, 0, 0, 0);
  CHECK(d.all().empty());
  d.command_byte(0x47);
  CHECK(d.all().size() == 3);
  for (u32 n = 0; n < 1000; ++n) d.command(0xd2), d.write(static_cast<u8>(n));
  const Bytes kept = d.all();
  CHECK(kept.size() < 100);
  CHECK(kept[0] == 0);
  d.command(0xaa);
  CHECK(d.all() == Bytes{0x55});
}
