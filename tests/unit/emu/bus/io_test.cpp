#include "bus/io.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace paemu;

namespace {

// Answers each read with its offset and keeps a line of what it was asked.
struct Probe : IoDevice {
  std::string seen;
  u64 io_read(u64 offset, u32 size) override {
    seen += "r" + std::to_string(offset) + ":" + std::to_string(size) + " ";
    return 0xa0 + offset;
  }
  void io_write(u64 offset, u32 size, u64 value) override {
    seen += "w" + std::to_string(offset) + ":" + std::to_string(size) + "=" + std::to_string(value) + " ";
  }
};

}  // namespace

TEST_CASE("unmapped ports read as all ones and ignore writes") {
  PortBus bus;
  CHECK(bus.read(0x1234, 1) == 0xff);
  CHECK(bus.read(0x1234, 2) == 0xffff);
  CHECK(bus.read(0x1234, 4) == 0xffffffff);
  bus.write(0x1234, 4, 1);
}

TEST_CASE("an access that the device takes whole reaches it whole") {
  PortBus bus;
  Probe p;
  bus.map(0x100, 4, p);
  CHECK(bus.read(0x100, 4) == 0xa0);
  bus.write(0x102, 2, 0x12345);
  CHECK(p.seen == "r0:4 w2:2=9029 ");
}

TEST_CASE("an access wider than the device is split, the lowest part first") {
  PortBus bus;
  Probe p;
  bus.map(0x100, 4, p, PortWidth::k8);
  CHECK(bus.read(0x100, 4) == 0xa3a2a1a0);
  bus.write(0x100, 2, 0x0201);
  CHECK(p.seen == "r0:1 r1:1 r2:1 r3:1 w0:1=1 w1:1=2 ");
}

TEST_CASE("an access over the end of a device reads all ones for what is not there") {
  PortBus bus;
  Probe p;
  bus.map(0xffff, 1, p);
  CHECK(bus.read(0xffff, 4) == 0xffffffa0);
  CHECK(bus.read(0x10000, 1) == 0xff);
  bus.write(0xfffe, 4, 0x04030201);
  CHECK(p.seen == "r0:1 w0:1=2 ");
}

TEST_CASE("an access over two devices reaches both") {
  PortBus bus;
  Probe low, high;
  bus.map(0x10, 2, low);
  bus.map(0x12, 2, high);
  CHECK(bus.read(0x10, 4) == 0x00a000a0);
  CHECK(low.seen == "r0:2 ");
  CHECK(high.seen == "r0:2 ");
}
