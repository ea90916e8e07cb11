#include "bus/mmio.hpp"

#include <catch2/catch.hpp>

using namespace paemu;

namespace {

struct Probe : IoDevice {
  u32 reads = 0, writes = 0;
  u64 io_read(u64 offset, u32) override {
    ++reads;
    return offset + 1;
  }
  void io_write(u64, u32, u64) override { ++writes; }
};

}  // namespace

TEST_CASE("unmapped addresses read as all ones and ignore writes") {
  MmioBus bus;
  CHECK(bus.read(GuestPhys{0xfee00000}, 8) == ~u64{0});
  CHECK(bus.read(GuestPhys{0xfee00000}, 3) == 0xffffff);
  bus.write(GuestPhys{0}, 4, 1);
}

TEST_CASE("a device sees the offset from its base, also after it moved") {
  MmioBus bus;
  Probe p;
  bus.map(GuestPhys{0x1000}, 0x1000, p);
  CHECK(bus.read(GuestPhys{0x1010}, 4) == 0x11);
  bus.move(p, GuestPhys{0x8000});
  CHECK(bus.read(GuestPhys{0x1010}, 4) == 0xffffffff);
  CHECK(bus.read(GuestPhys{0x8ff0}, 4) == 0xff1);
}

TEST_CASE("an access over the end of a range is done byte by byte") {
  MmioBus bus;
  Probe p;
  bus.map(GuestPhys{0x1000}, 0x1000, p);
  CHECK(bus.read(GuestPhys{0x1ffe}, 4) == 0xffff00ff);  // offsets 0xffe + 1 and 0xfff + 1, low bytes
  bus.write(GuestPhys{0xffe}, 4, 0);
  CHECK(p.writes == 2);
}

TEST_CASE("odd sizes arrive as bytes") {
  MmioBus bus;
  Probe p;
  bus.map(GuestPhys{0x1000}, 0x1000, p);
  CHECK(bus.read(GuestPhys{0x1000}, 3) == 0x030201);
  CHECK(p.reads == 3);
}

TEST_CASE("an access at the very end of the address space does not wrap into a device") {
  MmioBus bus;
  Probe p;
  bus.map(GuestPhys{0xfffffffffffff000}, 0x1000, p);
  bus.write(GuestPhys{0xfffffffffffffffe}, 2, 0);
  CHECK(p.writes == 1);
}
