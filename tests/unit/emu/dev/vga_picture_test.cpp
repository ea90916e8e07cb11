// What the screen shows, mode by mode; and the Bochs display interface.
#include <catch2/catch.hpp>

#include "vga_fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

// A screen of `characters` by `lines`, as CRTC values that the tests then vary.
void set_size(VgaMachine& m, u32 characters, u32 lines) {
  m.set(0x3d4, 0x11, 0);
  m.set(0x3d4, 0x00, characters + 10);
  m.set(0x3d4, 0x01, characters - 1);
  m.set(0x3d4, 0x06, lines + 20);
  m.set(0x3d4, 0x07, 0x10 | ((lines - 1) >> 7 & 2));  // line compare bit 8
  m.set(0x3d4, 0x09, 0x40);                           // and bit 9
  m.set(0x3d4, 0x10, lines + 5);
  m.set(0x3d4, 0x12, (lines - 1) & 0xff);
  m.set(0x3d4, 0x13, characters / 2);
  m.set(0x3d4, 0x17, 0xe3);
  m.set(0x3d4, 0x18, 0xff);
  m.set(0x3c4, 1, 0x01);
}

// Colour n of the DAC has red n, green 0, blue 63 - n; attribute n is colour n.
void set_colours(VgaMachine& m) {
  m.out(0x3c8, 0);
  for (u32 i = 0; i < 256; ++i) {
    m.out(0x3c9, i & 63);
    m.out(0x3c9, 0);
    m.out(0x3c9, 63 - (i & 63));
  }
  for (u32 i = 0; i < 16; ++i) m.attribute(i, i), m.in(0x3da);
  m.in(0x3da);
  // While bit 5 of the index is set the palette can't be written: do it with the bit clear.
  for (u32 i = 0; i < 16; ++i) {
    m.out(0x3c0, i);
    m.out(0x3c0, i);
  }
  m.attribute(0x10, 0x01);
  m.attribute(0x12, 0x0f);
  m.attribute(0x13, 0x00);
}

u32 wide(u32 six) { return six << 2 | six >> 4; }
u32 colour(u32 n) { return wide(n & 63) << 16 | wide(63 - (n & 63)); }

Picture picture(VgaMachine& m) {
  Picture p;
  m.vga.picture(p);
  return p;
}

}  // namespace

TEST_CASE("a display that nobody has set up is dark") {
  VgaMachine m;
  const Picture p = picture(m);
  CHECK(p.width == 640);
  CHECK(p.height == 480);
  CHECK(p.pixels[1000] == 0);
}

TEST_CASE("a planar mode takes a bit of each plane") {
  VgaMachine m;
  m.planar();
  set_size(m, 4, 8);
  set_colours(m);
  for (u32 plane = 0; plane < 4; ++plane) m.plane(plane, 5) = static_cast<u8>(0x80 >> plane);
  m.plane(0, 5) |= 0x01;
  m.plane(3, 5) |= 0x01;
  const Picture p = picture(m);
  REQUIRE(p.width == 32);
  REQUIRE(p.height == 8);
  // Byte 5 is the second of the second line.
  const u32 expected[8] = {1, 2, 4, 8, 0, 0, 0, 9};
  for (u32 x = 0; x < 8; ++x) CHECK(p.row(1)[8 + x] == colour(expected[x]));
  CHECK(p.row(0)[0] == colour(0));
  // Color Plane Enable takes planes out of sight.
  m.attribute(0x12, 0x07);
  CHECK(picture(m).row(1)[15] == colour(1));
}

TEST_CASE("a picture is made anew only when something that it shows is another") {
  VgaMachine m;
  m.planar();
  set_size(m, 4, 8);
  set_colours(m);
  Picture p = picture(m);
  const auto redrawn = [&] {
    p.pixels[0] = 0xdead;
    m.vga.picture(p);
    return p.pixels[0] != 0xdead;
  };
  CHECK_FALSE(redrawn());
  m.plane(0, 30) = 1;
  CHECK(redrawn());
  CHECK_FALSE(redrawn());
  m.attribute(0x13, 3);
  CHECK(redrawn());
  // Time counts where something blinks.
  constexpr u64 kEightFrames = 8 * 14'285'714;
  m.time.pass(kEightFrames);
  CHECK_FALSE(redrawn());
  m.set(0x3ce, 6, 0);
  CHECK(redrawn());
  CHECK_FALSE(redrawn());
  m.time.pass(kEightFrames);
  CHECK(redrawn());
  p = Picture{};
  m.vga.picture(p);
  CHECK(p.width == 32);
}

TEST_CASE("start address, panning and split screen move what is shown") {
  VgaMachine m;
  m.planar();
  set_size(m, 4, 8);
  set_colours(m);
  m.plane(0, 4) = 0xff;
  m.set(0x3d4, 0x0d, 4);
  CHECK(picture(m).row(0)[0] == colour(1));
  m.set(0x3d4, 0x0d, 0);
  m.attribute(0x13, 3);
  m.plane(0, 0) = 0x10;
  CHECK(picture(m).row(0)[0] == colour(1));
  // The lower part begins at address 0, whatever the start; panning there stops if the mode says so.
  m.set(0x3d4, 0x0d, 4);
  m.set(0x3d4, 0x09, 0);
  m.set(0x3d4, 0x07, 0);
  m.set(0x3d4, 0x18, 4);
  CHECK(picture(m).row(5)[0] == colour(1));
  CHECK(picture(m).row(4)[0] == colour(0));
  m.attribute(0x10, 0x21);
  CHECK(picture(m).row(5)[3] == colour(1));
}

TEST_CASE("256 colours: two dots a pixel, four pixels a character clock, chained or not") {
  VgaMachine m;
  m.planar();
  set_size(m, 8, 4);
  set_colours(m);
  m.set(0x3ce, 5, 0x40);
  m.attribute(0x10, 0x41);
  m.set(0x3c4, 4, 0x0e);
  m.set(0x3d4, 0x14, 0x40);
  m.set(0x3d4, 0x17, 0xa3);
  for (u32 i = 0; i < 32; ++i) m.poke(0xa0000 + i, i + 1);
  Picture p = picture(m);
  REQUIRE(p.width == 64);
  for (u32 x = 0; x < 64; ++x) CHECK(p.row(0)[x] == colour(x / 2 + 1));
  // Unchained: byte mode; the planes hold every fourth pixel.
  m.set(0x3c4, 4, 0x06);
  m.set(0x3d4, 0x14, 0x00);
  m.set(0x3d4, 0x17, 0xe3);
  for (u32 i = 0; i < 32; ++i) m.plane(i % 4, i / 4) = static_cast<u8>(64 - i);
  p = picture(m);
  for (u32 x = 0; x < 64; ++x) CHECK(p.row(0)[x] == colour(64 - x / 2));
}

TEST_CASE("the CGA's four colours lie in two banks of lines") {
  VgaMachine m;
  m.planar();
  set_size(m, 2, 4);
  set_colours(m);
  m.set(0x3c4, 1, 0x09);  // half the dot clock: each pixel twice
  m.set(0x3c4, 2, 0x03);
  m.set(0x3c4, 4, 0x02);
  m.set(0x3ce, 5, 0x30);
  m.set(0x3ce, 6, 0x0f);
  m.set(0x3d4, 0x09, 0x41);
  m.set(0x3d4, 0x13, 0x01);
  m.set(0x3d4, 0x17, 0xa2);
  m.poke(0xb8000, 0x1b);
  m.poke(0xb8001, 0xe4);
  m.poke(0xba000, 0xff);
  const Picture p = picture(m);
  REQUIRE(p.width == 32);
  const u32 expected[8] = {0, 1, 2, 3, 3, 2, 1, 0};
  for (u32 x = 0; x < 16; ++x) CHECK(p.row(0)[x] == colour(expected[x / 2]));
  CHECK(p.row(1)[0] == colour(3));
}

TEST_CASE("text: fonts from plane 2, nine dots, attributes, cursor and blinking") {
  VgaMachine m;
  m.planar();
  set_size(m, 4, 16);
  set_colours(m);
  m.set(0x3c4, 1, 0x00);
  m.set(0x3ce, 6, 0x0e);
  m.set(0x3c4, 4, 0x02);
  m.set(0x3c4, 3, 0x04);     // map A is the second one, at 0x4000
  m.set(0x3d4, 0x09, 0x4f);  // 16 lines a row
  m.set(0x3d4, 0x14, 0x1f);
  m.set(0x3d4, 0x17, 0xa3);
  m.set(0x3d4, 0x0a, 0x0e);
  m.set(0x3d4, 0x0b, 0x0f);
  m.set(0x3d4, 0x0f, 3);
  m.attribute(0x10, 0x0c);
  m.attribute(0x13, 0x08);
  m.plane(2, 'A' * 32 + 2) = 0x81;
  m.plane(2, 0x4000 + 'A' * 32 + 2) = 0x18;
  m.plane(2, 0xc4 * 32 + 2) = 0xff;
  const auto put = [&](u32 column, u8 character, u8 attribute) {
    m.plane(0, 2 * column) = character;
    m.plane(1, 2 * column) = attribute;
  };
  put(0, 'A', 0x17);
  put(1, 'A', 0x0f);
  put(2, 0xc4, 0x02);
  put(3, ' ', 0x83);
  Picture p = picture(m);
  REQUIRE(p.width == 36);
  REQUIRE(p.height == 16);
  const auto row = [&](u32 y, u32 x) { return p.row(y)[x]; };
  CHECK(row(2, 0) == colour(7));
  CHECK(row(2, 1) == colour(1));
  CHECK(row(2, 7) == colour(7));
  CHECK(row(2, 8) == colour(1));  // the ninth dot is background
  CHECK(row(2, 9) == colour(0));  // the other font
  CHECK(row(2, 9 + 3) == colour(15));
  CHECK(row(2, 18 + 8) == colour(2));  // but lines join
  CHECK(row(14, 27) == colour(3));     // the cursor
  CHECK(row(13, 27) == colour(0));
  // An eighth of a second later the cursor is off; characters blink half as fast.
  m.time.pass(120'000'000);
  CHECK(picture(m).row(14)[27] == colour(0));
  put(0, 'A', 0x97);
  CHECK(picture(m).row(2)[0] == colour(7));
  m.time.pass(120'000'000);
  CHECK(picture(m).row(2)[0] == colour(1));
  // Without blinking bit 7 is one of sixteen backgrounds.
  m.attribute(0x10, 0x04);
  CHECK(picture(m).row(2)[0] == colour(7));
  CHECK(picture(m).row(2)[1] == colour(9));
}

TEST_CASE("Input Status 1 follows the virtual clock, and resets the attribute port") {
  VgaMachine m;
  m.out(0x3c2, 0x67);
  m.set(0x3c4, 1, 0x01);
  set_size(m, 80, 400);
  m.set(0x3d4, 0x06, 0xbf);
  m.set(0x3d4, 0x07, 0x1f);
  m.set(0x3d4, 0x10, 0x9c);
  m.set(0x3d4, 0x11, 0x8e);
  u32 retraces = 0, blanks = 0, samples = 0;
  bool before = false;
  for (u64 t = 0; t < 1'000'000'000; t += 10'000) {
    const u8 status = m.in(0x3da);
    const bool retrace = (status & 8) != 0;
    if (retrace && !before) ++retraces;
    before = retrace;
    blanks += status & 1;
    ++samples;
    m.time.pass(10'000);
  }
  // 28.322 MHz, 95 characters of 8 dots, 449 lines: 83 frames a second.
  CHECK(retraces >= 82);
  CHECK(retraces <= 84);
  CHECK(blanks > samples / 5);
  CHECK(blanks < samples / 2);
  m.in(0x3da);
  m.out(0x3c0, 0x31);
  m.in(0x3da);
  m.out(0x3c0, 0x05);
  CHECK(m.in(0x3c0) == 0x05);
}

TEST_CASE("the palette is read and written in threes, the mask hides bits of the index") {
  VgaMachine m;
  m.out(0x3c8, 10);
  for (u32 v : {1, 2, 3, 70, 5, 6}) m.out(0x3c9, v);
  m.out(0x3c7, 10);
  CHECK(m.in(0x3c7) == 3);
  for (u32 v : {1, 2, 3, 70 & 63, 5, 6}) CHECK(m.in(0x3c9) == v);
  m.out(0x3c8, 20);
  m.out(0x3c9, 9);
  m.out(0x3c8, 20);  // two components short: no change
  m.out(0x3c7, 20);
  CHECK(m.in(0x3c9) == 0);
}

TEST_CASE("the Bochs interface shows pixels of every depth from anywhere in its virtual screen") {
  VgaMachine m;
  set_colours(m);
  CHECK(m.dispi(dispi::kId) == 0);
  m.dispi(dispi::kId, 0xb0c5);
  CHECK(m.dispi(dispi::kId) == 0xb0c5);
  CHECK(m.dispi(dispi::kMemory64k) == 256);
  m.dispi(dispi::kEnable, dispi::kGetLimits);
  CHECK(m.dispi(dispi::kWidth) >= 1920);
  CHECK(m.dispi(dispi::kHeight) >= 1200);
  CHECK(m.dispi(dispi::kDepth) == 32);
  const struct {
    u32 depth;
    u32 value;
    u32 shown;
  } cases[] = {{8, 0x05, colour(5)},
               {15, 0x7c1f, 0xff00ff},
               {16, 0x07e0, 0x00ff00},
               {24, 0x123456, 0x123456},
               {32, 0xff654321, 0x654321}};
  for (const auto& c : cases) {
    INFO(c.depth);
    m.dispi(dispi::kEnable, 0);
    m.dispi(dispi::kWidth, 1920);
    m.dispi(dispi::kHeight, 1200);
    m.dispi(dispi::kDepth, c.depth);
    m.dispi(dispi::kEnable, dispi::kEnabled | dispi::kLinear);
    m.dispi(dispi::kX, 8);
    const u32 bytes = (c.depth + 7) / 8;
    m.dispi(dispi::kVirtualWidth, 1920 + 64);
    m.dispi(dispi::kX, 8);
    m.dispi(dispi::kY, 1);
    const usize at = (u64{1920 + 64} * (1 + 2) + 8 + 3) * bytes;
    for (u32 i = 0; i < bytes; ++i) m.memory.video()[at + i] = static_cast<u8>(c.value >> (8 * i));
    const Picture p = picture(m);
    REQUIRE(p.width == 1920);
    REQUIRE(p.height == 1200);
    CHECK(p.row(2)[3] == c.shown);
  }
  // Switching on clears, unless asked not to.
  m.dispi(dispi::kEnable, 0);
  m.memory.video()[12345] = 1;
  m.dispi(dispi::kEnable, dispi::kEnabled | dispi::kKeepMemory);
  CHECK(m.memory.video()[12345] == 1);
  m.dispi(dispi::kEnable, 0);
  m.dispi(dispi::kEnable, dispi::kEnabled);
  CHECK(m.memory.video()[12345] == 0);
}

TEST_CASE("banks of 64 KiB show through the window") {
  VgaMachine m;
  m.planar();
  m.dispi(dispi::kWidth, 1024);
  m.dispi(dispi::kHeight, 768);
  m.dispi(dispi::kDepth, 8);
  m.dispi(dispi::kEnable, dispi::kEnabled);
  m.dispi(dispi::kBank, 3);
  m.poke(0xa1234, 0x77);
  CHECK(m.memory.video()[0x31234] == 0x77);
  CHECK(m.peek(0xa1234) == 0x77);
  CHECK(m.peek(0xb8000) == 0xff);
  m.dispi(dispi::kEnable, dispi::kEnabled);
  CHECK(m.dispi(dispi::kBank) == 0);
}

TEST_CASE("a size that the memory can't hold is not switched on, and nonsense does not hurt") {
  VgaMachine m;
  m.dispi(dispi::kWidth, 2560);
  m.dispi(dispi::kHeight, 1600);
  m.dispi(dispi::kDepth, 32);
  m.dispi(dispi::kEnable, dispi::kEnabled);
  CHECK((m.dispi(dispi::kEnable) & 1) == 1);  // 15.6 MiB: just fits
  m.dispi(dispi::kVirtualWidth, 0xffff);
  m.dispi(dispi::kX, 0xffff);
  m.dispi(dispi::kY, 0xffff);
  CHECK(picture(m).width == 2560);
  m.dispi(dispi::kEnable, 0);
  m.dispi(dispi::kWidth, 0xffff);
  CHECK(m.dispi(dispi::kWidth) == 2560);
  m.dispi(dispi::kDepth, 7);
  CHECK(m.dispi(dispi::kDepth) == 32);
}

TEST_CASE("the frame buffer is where PCI puts it, and nowhere over the chips below 4 GiB") {
  VgaMachine m;
  const auto place = [&](u32 base) {
    m.vga.config_write(0x10, 4, base);
    m.vga.config_write(0x04, 2, 0x02);
    m.vga.announce();
  };
  place(0xe0000000);
  REQUIRE(m.memory.host_page(GuestPhys{0xe0000000}) == m.memory.video());
  CHECK(m.memory.host_page(GuestPhys{0xe0fff000}) == m.memory.video() + 0xfff000);
  const u8 byte = 0x42;
  CHECK(m.memory.write(GuestPhys{0xe0000123}, {&byte, 1}));
  u32 frames = 0;
  m.memory.drain_dirty([&](Pfn frame, const u8*) { frames += frame == m.memory.video_home() ? 1 : 100; });
  CHECK(frames == 1);
  place(0xf0000000);
  CHECK(m.memory.host_page(GuestPhys{0xe0000000}) == nullptr);
  CHECK(m.memory.host_page(GuestPhys{0xf0000000})[0x123] == 0x42);
  place(0xfe000000);
  CHECK(m.memory.host_page(GuestPhys{0xfe000000}) == nullptr);
}
