#include "board/pc.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "abi/acpi.hpp"
#include "abi/fw_cfg.hpp"
#include "abi/memory_hotplug.hpp"
#include "abi/memory_map.hpp"
#include "abi/ports.hpp"
#include "board/hotplug_plan.hpp"

using namespace paemu;
namespace port = abi::port;

namespace {

struct World final : SerialSink, Log, PcListener {
  std::string serial;
  std::vector<std::string> log;
  u32 power_offs = 0, resets = 0, exits = 0;
  std::vector<std::string> ejected;
  u32 ost_count = 0;

  void transmit(u32, std::span<const u8> bytes) override { serial.append(bytes.begin(), bytes.end()); }
  void line(std::string_view text) override { log.emplace_back(text); }
  void once(std::string_view, std::string_view text) override { log.emplace_back(text); }
  void on_power_off() override { ++power_offs; }
  void on_reset_request() override { ++resets; }
  void on_debug_exit(u32) override { ++exits; }
  void on_dimm_ejected(const DimmSpec& d) override { ejected.push_back(d.id); }
  void on_ost(u32, u32, u32) override { ++ost_count; }
  void on_tray_moved(const std::string&, bool) override {}
};

// A firmware of HLTs with the reset vector's byte telling where it is.
Images images() {
  Images i;
  i.firmware.assign(0x10000, 0xf4);
  i.firmware[0xfff0] = 0xea;
  return i;
}

struct Bench {
  World world;
  MachineConfig config;
  std::unique_ptr<Pc> pc;

  explicit Bench(MachineConfig c = {}) : config(std::move(c)) {
    auto made = Pc::create(config, images(), world, world, world);
    REQUIRE(made.ok());
    pc = std::move(*made);
  }
  DimmSpec insert(u64 size) {
    const DimmSpec wanted{.slot = kAnySlot, .base = kAnyBase, .size = size};
    auto spec = plan_insert(config, pc->memory.dimms(), wanted);
    REQUIRE(spec.ok());
    REQUIRE(pc->insert_dimm(*spec).ok());
    return *spec;
  }
  u8 in(u32 p) { return static_cast<u8>(pc->ports.read(p, 1)); }
  // As firmware does: PMBA and PMREGMISC of the PIIX4.
  void place_power_management() {
    pc->ports.write(port::kPciConfigAddress, 4, 0x80000b40);
    pc->ports.write(port::kPciConfigData, 4, port::kAcpiPmBase | 1);
    pc->ports.write(port::kPciConfigAddress, 4, 0x80000b80);
    pc->ports.write(port::kPciConfigData, 1, 1);
  }
  void out(u32 p, u32 v) { pc->ports.write(p, 1, v); }
  void pass(u64 ticks) {
    const Ticks end = pc->clock.now() + ticks;
    while (pc->events.next_deadline() <= end) {
      if (pc->events.next_deadline() > pc->clock.now()) pc->clock.idle += pc->events.next_deadline() - pc->clock.now();
      pc->events.run_due(pc->clock.now());
    }
    pc->clock.idle += end - pc->clock.now();
  }
};

u64 resident_bytes() {
  std::ifstream f("/proc/self/statm");
  u64 total = 0, resident = 0;
  f >> total >> resident;
  return resident * static_cast<u64>(sysconf(_SC_PAGESIZE));
}

// Reproducible garbage.
struct Garbage {
  u64 x = 0x9e3779b97f4a7c15;
  u64 next() {
    x ^= x << 13;
    x ^= x >> 7;
    return x ^= x << 17;
  }
};

}  // namespace

TEST_CASE("the firmware shows below 1 MiB and below 4 GiB, and neither can be written") {
  Bench b;
  u8 low = 0, high = 0;
  REQUIRE(b.pc->memory.read(GuestPhys{0xffff0}, {&low, 1}));
  REQUIRE(b.pc->memory.read(GuestPhys{0xfffffff0}, {&high, 1}));
  CHECK(low == 0xea);
  CHECK(high == 0xea);
  CHECK_FALSE(b.pc->memory.write(GuestPhys{0xffff0}, {&low, 1}));
  CHECK(b.pc->memory.host_page(GuestPhys{0xa0000}) == nullptr);
  CHECK(b.pc->memory.host_page(GuestPhys{0x100000}) != nullptr);
}

TEST_CASE("a configuration or an image that no machine can be built from is refused") {
  World w;
  MachineConfig c;
  const auto refusal = [&](const MachineConfig& config, const Images& i) {
    auto made = Pc::create(config, i, w, w, w);
    return made.ok() ? std::string("accepted") : made.error().sentence;
  };
  Images none = images(), odd = images();
  none.firmware.clear();
  odd.firmware.resize(5000);
  CHECK(refusal(c, none) == "the firmware image has 0 bytes; it must be a multiple of 4096 of at most 1 MiB");
  CHECK(refusal(c, odd) == "the firmware image has 5000 bytes; it must be a multiple of 4096 of at most 1 MiB");
  c.ram_size = 0;
  CHECK(refusal(c, images()) == "the machine needs memory; a size of 0 is none");
  c = {};
  c.cpu_model = "z80";
  CHECK(refusal(c, images()) != "accepted");
  c = {};
  c.dimms.push_back(DimmSpec{.slot = kAnySlot, .base = kAnyBase, .size = kMiB});
  CHECK(refusal(c, images()).find("128 MiB") != std::string::npos);
}

TEST_CASE("a DIMM that is plugged in is RAM, in its slot's registers, and raises the SCI when enabled") {
  Bench b;
  b.out(abi::acpi::kSmiCommandPort, abi::acpi::kAcpiEnableValue);
  b.out(port::kGpe0 + 2, 1u << abi::acpi::kGpeMemoryHotplug);
  b.out(port::kPic1, 0x11);
  const DimmSpec spec = b.insert(512 * kMiB);
  const u8 one = 1;
  CHECK(b.pc->memory.write(spec.base, {&one, 1}));
  b.pc->ports.write(port::kMemoryHotplug + abi::memory_hotplug::kSelector, 4, spec.slot);
  CHECK(b.pc->ports.read(port::kMemoryHotplug + abi::memory_hotplug::kSizeLow, 4) == 512 * kMiB);
  CHECK(b.in(port::kGpe0) == 1u << abi::acpi::kGpeMemoryHotplug);
  // IRQ 9 at the slave: unmask, read IRR.
  b.out(port::kPic2, 0x0a);
  CHECK((b.in(port::kPic2)&0x02) != 0);
}

TEST_CASE("the guest's eject removes the DIMM, its contents and its slot") {
  Bench b;
  const DimmSpec spec = b.insert(128 * kMiB);
  const std::vector<u8> page(kPageSize, 1);
  REQUIRE(b.pc->memory.write(spec.base, page));
  REQUIRE(b.pc->request_eject(spec.id).ok());
  b.pc->ports.write(port::kMemoryHotplug + abi::memory_hotplug::kSelector, 4, spec.slot);
  b.out(port::kMemoryHotplug + abi::memory_hotplug::kControl, abi::memory_hotplug::kControlEject);
  CHECK(b.world.ejected == std::vector<std::string>{"dimm1"});
  CHECK(b.pc->memory.host_page(spec.base) == nullptr);
  CHECK(b.in(port::kMemoryHotplug + abi::memory_hotplug::kStatus) == 0);
  CHECK(b.pc->request_eject(spec.id).error().sentence == "there is no DIMM \"dimm1\"");
  CHECK(b.insert(128 * kMiB).id == "dimm1");
}

TEST_CASE("boot RAM is neither ejected nor pulled, whatever is written to the registers") {
  Bench b;
  CHECK_FALSE(b.pc->request_eject("boot0").ok());
  CHECK_FALSE(b.pc->pull_dimm("boot0").ok());
  for (u32 slot = 0; slot < 300; ++slot) {
    b.pc->ports.write(port::kMemoryHotplug, 4, slot);
    b.out(port::kMemoryHotplug + abi::memory_hotplug::kControl, 0xff);
  }
  CHECK(b.pc->memory.dimms().size() == 1);
}

TEST_CASE("A20, the reset lines, power off and debug exit reach the world") {
  Bench b;
  b.out(0x64, 0xfe);
  b.out(port::kReset, 0x06);
  b.out(port::kSystemControlA, 0x01);
  CHECK(b.world.resets == 3);
  b.pc->ports.write(port::kDebugExit, 4, 0x10);
  CHECK(b.world.exits == 1);
  b.place_power_management();
  b.pc->ports.write(port::kAcpiPmBase + abi::acpi::kPm1Control, 2,
                    abi::acpi::kSleepEnable | abi::acpi::kSleepTypeS5 << abi::acpi::kSleepTypeShift);
  CHECK(b.world.power_offs == 1);
  b.pc->ports.write(port::kAcpiPmBase + abi::acpi::kPm1Control, 2,
                    abi::acpi::kSleepEnable | 3u << abi::acpi::kSleepTypeShift);
  CHECK(b.world.power_offs == 1);
  CHECK(b.world.log.size() == 1);
}

TEST_CASE("the timer interrupts through the 8259A and, on pin 2, through the I/O APIC") {
  Bench b;
  for (u32 v : {0x11u}) b.out(port::kPic1, v);
  for (u32 v : {0x20u, 0x04u, 0x01u, 0xfeu}) b.out(port::kPic1 + 1, v);
  b.out(port::kPit + 3, 0x34);
  b.out(port::kPit, 0xe8);
  b.out(port::kPit, 0x03);
  b.pass(2'000'000);
  REQUIRE(b.pc->processors[0].cpu.interrupts->interrupt_pending());
  CHECK(b.pc->processors[0].cpu.interrupts->acknowledge_interrupt() == 0x20);

  b.out(port::kPic1 + 1, 0xff);
  b.out(port::kPic1, 0x20);
  const GuestPhys io{abi::memory_map::kIoApic}, local{abi::memory_map::kLocalApic};
  b.pc->mmio.write(local + 0xf0, 4, 0x1ff);
  b.pc->mmio.write(io, 4, 0x10 + 2 * 2);
  b.pc->mmio.write(io + 0x10, 4, 0x51);
  b.pass(2'000'000);
  REQUIRE(b.pc->processors[0].cpu.interrupts->interrupt_pending());
  CHECK(b.pc->processors[0].cpu.interrupts->acknowledge_interrupt() == 0x51);
}

TEST_CASE("what the firmware asks fw_cfg for is there") {
  MachineConfig c;
  c.append = "quiet";
  Bench b(c);
  b.pc->ports.write(port::kFwCfgSelector, 2, abi::fw_cfg::kCommandLineData);
  std::string text;
  for (int i = 0; i < 5; ++i) text += static_cast<char>(b.in(port::kFwCfgData));
  CHECK(text == "quiet");
  b.pc->ports.write(port::kFwCfgSelector, 2, abi::fw_cfg::kFileDirectory);
  u32 count = 0;
  for (int i = 0; i < 4; ++i) count = count << 8 | b.in(port::kFwCfgData);
  CHECK(count >= 4);
}

TEST_CASE("garbage in every port at every width is contained") {
  Bench b;
  b.insert(128 * kMiB);
  Garbage g;
  for (u32 round = 0; round < 4; ++round) {
    for (const u32 size : {1u, 2u, 4u}) {
      for (u32 p = 0; p < 0x10000; ++p) {
        b.pc->ports.write(p, size, static_cast<u32>(g.next()));
        b.pc->ports.read(p, size);
      }
      b.pass(100'000);
    }
  }
  b.pc->reset();
  b.pass(10'000'000);
  CHECK(b.in(port::kPic1 + 1) == 0xff);
}

TEST_CASE("garbage in every device register in memory is contained") {
  Bench b;
  Garbage g;
  for (const u64 base : {u64{abi::memory_map::kIoApic}, u64{abi::memory_map::kLocalApic}}) {
    for (u32 round = 0; round < 20; ++round) {
      for (const u32 size : {1u, 2u, 4u, 8u}) {
        for (u64 at = 0; at < 0x1004; at += size == 4 ? 4 : 1) {
          b.pc->mmio.write(GuestPhys{base + at}, size, g.next());
          b.pc->mmio.read(GuestPhys{base + at}, size);
        }
      }
      b.pass(1000);
    }
  }
  for (int i = 0; i < 1000 && b.pc->processors[0].cpu.interrupts->interrupt_pending(); ++i)
    b.pc->processors[0].cpu.interrupts->acknowledge_interrupt();
}

TEST_CASE("a machine of 64 GiB starts in little memory") {
  MachineConfig c;
  c.ram_size = 60 * kGiB;
  c.maxmem = 200 * kGiB;
  c.physical_bits = 40;
  const u64 before = resident_bytes();
  Bench b(c);
  b.insert(128 * kGiB);
  CHECK(resident_bytes() - before < 40 * kMiB);
}

TEST_CASE("bytes typed at the serial port interrupt on IRQ 4") {
  Bench b;
  for (u32 v : {0x11u}) b.out(port::kPic1, v);
  for (u32 v : {0x20u, 0x04u, 0x01u, 0xefu}) b.out(port::kPic1 + 1, v);
  b.out(port::kCom1 + 1, 0x01);
  b.out(port::kCom1 + 4, 0x08);
  const u8 text[] = {'h', 'i'};
  b.pc->receive_serial(0, text);
  b.pc->receive_serial(1, text);
  CHECK_FALSE(b.pc->processors[0].cpu.interrupts->interrupt_pending());
  b.pass(10'000'000);
  REQUIRE(b.pc->processors[0].cpu.interrupts->interrupt_pending());
  CHECK(b.pc->processors[0].cpu.interrupts->acknowledge_interrupt() == 0x24);
  CHECK(b.in(port::kCom1) == 'h');
}

TEST_CASE("PCI configuration shows the chip set, and the reset register beside its address still resets") {
  Bench b;
  const auto id = [&](u32 function) {
    b.pc->ports.write(port::kPciConfigAddress, 4, 0x80000000 | function << 8);
    return b.pc->ports.read(port::kPciConfigData, 4);
  };
  CHECK(id(0) == 0x12378086);
  CHECK(id(8) == 0x70008086);
  CHECK(id(11) == 0x71138086);
  CHECK(id(24) == 0xffffffff);
  CHECK(id(16) == 0x11111234);
  b.out(port::kReset, 0x06);
  CHECK(b.world.resets == 1);
  CHECK(b.pc->ports.read(port::kPciConfigAddress, 4) == 0x80001000);
}

TEST_CASE("the firmware's shadow is RAM once the host bridge says so, and ROM again after a reset") {
  Bench b;
  const GuestPhys top{0xfffff};
  u8 before = 0, byte = 0;
  REQUIRE(b.pc->memory.read(top, {&before, 1}));
  b.pc->ports.write(port::kPciConfigAddress, 4, 0x80000058);
  b.pc->ports.write(port::kPciConfigData + 1, 1, 0x30);
  byte = static_cast<u8>(~before);
  REQUIRE(b.pc->memory.write(top, {&byte, 1}));
  b.pc->reset();
  REQUIRE(b.pc->memory.read(top, {&byte, 1}));
  CHECK(byte == before);
}
