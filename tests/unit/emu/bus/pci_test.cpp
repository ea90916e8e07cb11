#include "bus/pci.hpp"

#include <catch2/catch.hpp>

using namespace paemu;

namespace {

struct Echo final : IoDevice {
  u64 written = 0;
  u64 io_read(u64 offset, u32) override { return 0xa0 + offset; }
  void io_write(u64, u32, u64 value) override { written = value; }
};

constexpr PciRegister kRegisters[] = {
    {0x00, 2, 0x1af4},
    {0x02, 2, 0x1234},
    {0x04, 2, 0, 0x0007},
    {0x06, 2, 0x0280, 0, 0xf900},
    {0x40, 4, 0x11223344, 0x00ffff00},
};

struct Card final : PciFunction {
  Echo ports, memory;
  std::vector<std::pair<u32, u32>> told;
  Card() : PciFunction(kRegisters) {
    add_window({.index = 0, .space = Space::kPorts, .size = 16, .device = &ports});
    add_window({.index = 1, .space = Space::kMemory, .size = 4096, .device = &memory});
    reset_config();
  }
  void on_config_written(u32 offset, u32 size) override { told.emplace_back(offset, size); }
};

struct Bench {
  PortBus ports;
  MmioBus mmio;
  PciBus bus{ports, mmio};
  Card card;
  Bench() {
    ports.map(0xcf8, 4, bus.address_port());
    ports.map(0xcfc, 4, bus.data_port());
    bus.connect(3, 0, card);
  }
  void select(u32 offset, u32 device = 3) { ports.write(0xcf8, 4, 0x80000000 | device << 11 | (offset & ~3u)); }
  u32 get(u32 offset, u32 size = 4) { return select(offset), ports.read(0xcfc + (offset & 3), size); }
  void set(u32 offset, u32 value, u32 size = 4) { select(offset), ports.write(0xcfc + (offset & 3), size, value); }
};

}  // namespace

TEST_CASE("PCI configuration is reached by address and data; where nobody is, all ones are read") {
  Bench b;
  CHECK(b.get(0) == 0x12341af4);
  CHECK(b.get(2, 2) == 0x1234);
  CHECK(b.get(1, 1) == 0x1a);
  CHECK(b.ports.read(0xcf8, 4) == 0x80001800);
  b.select(0, 4);
  CHECK(b.ports.read(0xcfc, 4) == ~0u);
  CHECK(b.ports.read(0xcfe, 2) == 0xffff);
  b.ports.write(0xcfc, 4, 0);
  b.ports.write(0xcf8, 4, 0x80011800);  // bus 1
  CHECK(b.ports.read(0xcfc, 4) == ~0u);
  b.ports.write(0xcf8, 4, 0x00001800);  // not enabled
  CHECK(b.ports.read(0xcfc, 4) == ~0u);
}

TEST_CASE("only a write of 32 bits changes the PCI address") {
  Bench b;
  b.select(0x40);
  b.ports.write(0xcf8, 1, 0);
  b.ports.write(0xcfa, 2, 0);
  CHECK(b.ports.read(0xcfc, 4) == 0x11223344);
}

TEST_CASE("a PCI register has bits that are fixed, that are written, and that are cleared by ones") {
  Bench b;
  b.set(0x40, ~0u);
  CHECK(b.get(0x40) == 0x11ffff44);
  b.set(0x42, 0x00, 1);
  CHECK(b.get(0x40) == 0x1100ff44);
  b.card.config().bytes[7] = 0xf9;
  b.set(0x06, 0x0100, 2);
  CHECK(b.get(0x06, 2) == 0xf880);
  b.set(0x00, 0);
  CHECK(b.get(0) == 0x12341af4);
  b.set(0x80, ~0u);
  CHECK(b.get(0x80) == 0);
  CHECK(b.card.told.back() == std::pair<u32, u32>{0x80, 4});
}

TEST_CASE("a base address tells its size and moves its range while the function decodes") {
  Bench b;
  b.set(0x10, ~0u);
  CHECK(b.get(0x10) == 0xfffffff1);
  b.set(0x14, ~0u);
  CHECK(b.get(0x14) == 0xfffff000);
  b.set(0x10, 0xc000);
  b.set(0x14, 0xe0001000);
  CHECK(b.ports.read(0xc004, 1) == 0xff);
  b.set(0x04, 3, 2);
  CHECK(b.ports.read(0xc004, 1) == 0xa4);
  CHECK(b.mmio.read(GuestPhys{0xe0001010}, 1) == 0xb0);
  b.set(0x10, 0xd000);
  CHECK(b.ports.read(0xc004, 1) == 0xff);
  CHECK(b.ports.read(0xd004, 1) == 0xa4);
  b.set(0x04, 0, 2);
  CHECK(b.ports.read(0xd004, 1) == 0xff);
  CHECK_FALSE(b.mmio.mapped(GuestPhys{0xe0001010}));
}

TEST_CASE(
    "chips at fixed ports answer before a base address that was laid over them; none reaches past the last port") {
  Bench b;
  b.set(0x04, 1, 2);
  b.set(0x10, 0xcf0);
  CHECK(b.ports.read(0xcf4, 1) == 0xa4);
  CHECK(b.get(0) == 0x12341af4);
  b.set(0x10, 0xfff0);
  CHECK(b.ports.read(0xffff, 1) == 0xaf);
  b.set(0x10, 0xfffffff0);
  CHECK(b.ports.read(0xfff0, 1) == 0xff);
}

TEST_CASE("what was written into a PCI function from outside comes into force by place_windows") {
  Bench b;
  b.card.config().bytes[4] = 1;
  b.card.config().bytes[0x11] = 0xc0;
  CHECK(b.ports.read(0xc000, 1) == 0xff);
  b.bus.place_windows();
  CHECK(b.ports.read(0xc000, 1) == 0xa0);
  b.card.reset_config();
  b.bus.place_windows();
  CHECK(b.ports.read(0xc000, 1) == 0xff);
}
