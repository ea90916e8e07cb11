// The window at 0xa0000 against the tables of the IBM PS/2 Hardware Interface Technical Reference, "Graphics
// Controller": read and write modes, latches, and the address modes of the sequencer.
#include <array>
#include <catch2/catch.hpp>

#include "vga_fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

using Planes = std::array<u8, 4>;

struct Case {
  const char* what;
  u8 set_reset, enable, rotate_function, mode, bit_mask, map_mask;
  u8 written;
  Planes expected;  // where the latches and the memory were 0f 33 55 aa
};

constexpr Planes kBefore = {0x0f, 0x33, 0x55, 0xaa};

Planes run(const Case& c) {
  VgaMachine m;
  m.planar();
  for (u32 p = 0; p < 4; ++p) m.plane(p, 7) = kBefore[p];
  m.set(0x3ce, 0, c.set_reset);
  m.set(0x3ce, 1, c.enable);
  m.set(0x3ce, 3, c.rotate_function);
  m.set(0x3ce, 5, c.mode);
  m.set(0x3ce, 8, c.bit_mask);
  m.set(0x3c4, 2, c.map_mask);
  m.peek(0xa0007);  // fills the latches
  m.poke(0xa0007, c.written);
  return {m.plane(0, 7), m.plane(1, 7), m.plane(2, 7), m.plane(3, 7)};
}

}  // namespace

TEST_CASE("the write modes make of data, latches and registers what the manual's tables say") {
  const Case cases[] = {
      {"mode 0: the byte into all planes", 0, 0, 0x00, 0, 0xff, 0x0f, 0xc1, {0xc1, 0xc1, 0xc1, 0xc1}},
      {"mode 0: only planes of the map mask", 0, 0, 0x00, 0, 0xff, 0x05, 0xc1, {0xc1, 0x33, 0xc1, 0xaa}},
      {"mode 0: rotated right by 3", 0, 0, 0x03, 0, 0xff, 0x0f, 0xc1, {0x38, 0x38, 0x38, 0x38}},
      {"mode 0: set/reset where enabled", 0x02, 0x03, 0x00, 0, 0xff, 0x0f, 0x81, {0x00, 0xff, 0x81, 0x81}},
      {"mode 0: bits outside the mask from the latches", 0, 0, 0x00, 0, 0xf0, 0x0f, 0xff, {0xff, 0xf3, 0xf5, 0xfa}},
      {"mode 0: and", 0, 0, 0x08, 0, 0xff, 0x0f, 0x3c, {0x0c, 0x30, 0x14, 0x28}},
      {"mode 0: or", 0, 0, 0x10, 0, 0xff, 0x0f, 0x3c, {0x3f, 0x3f, 0x7d, 0xbe}},
      {"mode 0: exclusive or, masked", 0, 0, 0x18, 0, 0x0f, 0x0f, 0xff, {0x00, 0x3c, 0x5a, 0xa5}},
      {"mode 0: set/reset is not rotated", 0x0f, 0x0f, 0x03, 0, 0x81, 0x0f, 0x00, {0x8f, 0xb3, 0xd5, 0xab}},
      {"mode 1: the latches, whatever else", 0x0f, 0x0f, 0x1b, 1, 0x00, 0x0f, 0x99, {0x0f, 0x33, 0x55, 0xaa}},
      {"mode 2: a bit a plane", 0, 0, 0x00, 2, 0xff, 0x0f, 0x0a, {0x00, 0xff, 0x00, 0xff}},
      {"mode 2: masked", 0, 0, 0x00, 2, 0x3c, 0x0f, 0x05, {0x3f, 0x03, 0x7d, 0x82}},
      {"mode 2: exclusive or", 0, 0, 0x18, 2, 0xff, 0x0f, 0x09, {0xf0, 0x33, 0x55, 0x55}},
      {"mode 3: set/reset where data and mask agree", 0x05, 0, 0x00, 3, 0xf0, 0x0f, 0x99, {0x9f, 0x23, 0xd5, 0x2a}},
      {"mode 3: the data is rotated", 0x0f, 0, 0x04, 3, 0xff, 0x0f, 0x0f, {0xff, 0xf3, 0xf5, 0xfa}},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    CHECK(run(c) == c.expected);
  }
}

TEST_CASE("read mode 0 gives the plane of Read Map Select, read mode 1 compares colours") {
  VgaMachine m;
  m.planar();
  const Planes planes = {0xf0, 0xcc, 0xaa, 0x00};
  for (u32 p = 0; p < 4; ++p) m.plane(p, 3) = planes[p];
  for (u32 p = 0; p < 4; ++p) {
    m.set(0x3ce, 4, p);
    CHECK(m.peek(0xa0003) == planes[p]);
  }
  m.set(0x3ce, 5, 0x08);
  for (u32 colour = 0; colour < 16; ++colour) {
    for (u32 care = 0; care < 16; ++care) {
      u8 expected = 0;
      for (u32 bit = 0; bit < 8; ++bit) {
        u32 pixel = 0;
        for (u32 p = 0; p < 4; ++p) pixel |= (planes[p] >> bit & 1u) << p;
        if (((pixel ^ colour) & care) == 0) expected |= static_cast<u8>(1u << bit);
      }
      m.set(0x3ce, 2, colour);
      m.set(0x3ce, 7, care);
      CHECK(m.peek(0xa0003) == expected);
    }
  }
}

TEST_CASE("chained by four, the low two bits of the address choose the plane") {
  VgaMachine m;
  m.planar();
  m.set(0x3c4, 4, 0x0e);
  m.poke(0xa0104, 0x44332211, 4);
  for (u32 p = 0; p < 4; ++p) CHECK(m.plane(p, 0x104) == 0x11 * (p + 1));
  CHECK(m.peek(0xa0104, 4) == 0x44332211);
  // The map mask still counts.
  m.set(0x3c4, 2, 0x01);
  m.poke(0xa0104, 0xffffffff, 4);
  CHECK(m.peek(0xa0104, 4) == 0x443322ff);
}

TEST_CASE("odd and even addresses reach planes 0 and 1 as text modes want it") {
  VgaMachine m;
  m.planar();
  m.set(0x3c4, 2, 0x03);
  m.set(0x3c4, 4, 0x02);
  m.set(0x3ce, 5, 0x10);
  m.set(0x3ce, 6, 0x0e);
  m.poke(0xb8002, 0x1f41, 2);
  CHECK(m.plane(0, 2) == 0x41);
  CHECK(m.plane(1, 2) == 0x1f);
  CHECK(m.peek(0xb8002, 2) == 0x1f41);
}

TEST_CASE("only the addresses that Memory Map chooses answer, and only with RAM enabled") {
  VgaMachine m;
  m.planar();
  const struct {
    u32 map, first, last;
  } maps[] = {{0, 0xa0000, 0xbffff}, {1, 0xa0000, 0xaffff}, {2, 0xb0000, 0xb7fff}, {3, 0xb8000, 0xbffff}};
  for (const auto& map : maps) {
    m.set(0x3ce, 6, 0x01 | map.map << 2);
    for (u32 address : {0xa0000u, 0xaffffu, 0xb0000u, 0xb7fffu, 0xb8000u, 0xbffffu}) {
      m.poke(address, 0x5a);
      const bool answers = address >= map.first && address <= map.last;
      CHECK(m.peek(address) == (answers ? 0x5a : 0xff));
      m.poke(address, 0x00);
    }
  }
  m.out(0x3c2, 0x61);
  CHECK(m.peek(0xb8000) == 0xff);
}

TEST_CASE("what the window writes is marked for the state hash") {
  VgaMachine m;
  m.planar();
  u32 pages = 0;
  m.memory.drain_dirty([&](Pfn, const u8*) { ++pages; });
  m.poke(0xa0000, 1);
  m.memory.drain_dirty([&](Pfn frame, const u8* page) {
    ++pages;
    CHECK(frame == m.memory.video_home());
    CHECK(page == m.memory.video());
  });
  CHECK(pages == 1);
}

TEST_CASE("the CRTC's first registers can be locked, but for a bit of the line compare") {
  VgaMachine m;
  m.out(0x3c2, 0x63);
  m.set(0x3d4, 0x11, 0x00);
  m.set(0x3d4, 0, 0x5f), m.set(0x3d4, 7, 0x00);
  m.set(0x3d4, 0x11, 0x80);
  m.set(0x3d4, 0, 0x11), m.set(0x3d4, 7, 0xff), m.set(0x3d4, 8, 0x0e);
  CHECK(m.get(0x3d4, 0) == 0x5f);
  CHECK(m.get(0x3d4, 7) == 0x10);
  CHECK(m.get(0x3d4, 8) == 0x0e);
}

TEST_CASE("the attribute controller's palette is the screen's while it shows, and the program's while it is dark") {
  VgaMachine m;
  const auto read = [&m](u32 index) {
    m.in(0x3da);
    m.out(0x3c0, index);
    const u8 value = m.in(0x3c1);
    m.in(0x3da);
    return value;
  };
  m.out(0x3c2, 0x63);
  m.attribute(3, 0x15);  // dark while it is written
  m.in(0x3da);
  m.out(0x3c0, 0x23), m.out(0x3c0, 0x2a);
  CHECK(read(0x23) == 0x15);
  m.attribute(0x33, 0x05);  // the others can be written at any time
  CHECK(read(0x33) == 0x05);
}
