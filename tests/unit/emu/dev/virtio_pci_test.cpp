// The PCI transport: identity, both interfaces, interrupts, and the console behind it.
#include "dev/virtio_console.hpp"
#include "dev/virtio_rng.hpp"
#include "virtio_driver.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

struct ConsoleBench {
  Sink sink;
  VirtioConsole console{16, sink};
  VirtioDriver driver{console};
  ConsoleBench() { driver.start(0, 2); }
};

constexpr u64 kBuffer = 0x40000;

// Configuration offset of the capability with this id and, for the vendor's, type; 0: none.
u32 capability(PciFunction& f, u32 id, u32 type = 0) {
  for (u32 at = f.config_read(0x34, 1); at != 0; at = f.config_read(at + 1, 1)) {
    if (f.config_read(at, 1) == id && (id != 9 || f.config_read(at + 3, 1) == type)) return at;
  }
  return 0;
}

}  // namespace

TEST_CASE("a transitional function has the legacy IDs, ports and all capabilities") {
  VirtioRng rng;
  VirtioDriver d(rng);
  CHECK(d.function.config_read(0x00, 4) == 0x10051af4);
  CHECK(d.function.config_read(0x2c, 4) == 0x00041af4);
  CHECK(d.function.config_read(0x08, 1) == 0);
  CHECK(d.function.config_read(0x3d, 1) == 1);
  for (u32 type = 1; type <= 5; ++type) CHECK(capability(d.function, 9, type) != 0);
  CHECK(capability(d.function, 0x11) != 0);
  CHECK((d.function.config_read(0x10, 4) & 1) == 1);
}

TEST_CASE("disable-legacy and disable-modern leave one interface") {
  VirtioRng rng;
  VirtioDriver modern(rng, VirtioDrivers::kModernOnly);
  CHECK(modern.function.config_read(0x00, 4) == 0x10441af4);
  CHECK(modern.function.config_read(0x10, 4) == 0);
  VirtioRng other;
  VirtioDriver legacy(other, VirtioDrivers::kLegacyOnly);
  CHECK(legacy.function.config_read(0x00, 4) == 0x10051af4);
  CHECK(legacy.bar4 == nullptr);
  CHECK(capability(legacy.function, 9, 1) == 0);
}

TEST_CASE("features are agreed only when they were offered, and version 1 is among them") {
  VirtioRng rng;
  VirtioDriver d(rng);
  d.write_common(20, 1, 3);
  d.write_common(20, 1, 11);
  CHECK(d.status() == 3);  // without version 1
  d.write_common(8, 4, 1);
  d.write_common(12, 4, 0x81);  // bit 39 was not offered
  d.write_common(20, 1, 11);
  CHECK(d.status() == 3);
  d.write_common(12, 4, 1);
  d.write_common(20, 1, 11);
  CHECK(d.status() == 11);
  d.write_common(12, 4, 0);  // too late
  CHECK(d.read_common(12, 4) == 1);
  d.write_common(0, 4, 2);
  CHECK(d.read_common(4, 4) == 0);
}

TEST_CASE("a queue's size is a power of two up to the device's, and stays once it is enabled") {
  VirtioRng rng;
  VirtioDriver d(rng);
  CHECK(d.read_common(24, 2) == 8);
  for (u32 bad : {0u, 3u, 16u}) {
    d.write_common(24, 2, bad);
    CHECK(d.read_common(24, 2) == 8);
  }
  d.write_common(24, 2, 4);
  d.write_common(28, 2, 1);
  d.write_common(24, 2, 8);
  d.write_common(32, 8, 0x123456789000);
  CHECK(d.read_common(24, 2) == 4);
  CHECK(d.read_common(32, 4) == 0);
  d.write_common(22, 2, 7);  // there is no such queue
  CHECK(d.read_common(24, 2) == 0);
  d.write_common(28, 2, 1);
}

TEST_CASE("the legacy interface drives a queue by its page number") {
  ConsoleBench b;
  VirtioDriver& d = b.driver;
  IoDevice& ports = *d.function.windows()[0].device;
  ports.io_write(18, 1, 0);
  ports.io_write(18, 1, 3);
  CHECK((ports.io_read(0, 4) & (1u << 28)) != 0);
  ports.io_write(14, 2, 1);
  CHECK(ports.io_read(12, 2) == 128);
  ports.io_write(8, 4, 0x100);
  CHECK(ports.io_read(8, 4) == 0x100);
  d.function.config_write(0x04, 2, 3);  // drivers from before 2.6.34 never enable bus mastering
  ports.io_write(18, 1, 7);
  CHECK((d.function.config_read(0x04, 2) & 4) != 0);
  const u64 table = 0x100000, available = table + 16 * 128, used = 0x101000;
  d.put(kBuffer, 0x6f6c6c6568, 5);
  d.descriptor(0, kBuffer, 5, 0, 0, table);
  d.put(available + 4, 0, 2);
  d.put(available + 2, 1, 2);
  ports.io_write(16, 2, 1);
  d.time.pass(100'000);
  CHECK(b.sink.text == "hello");
  CHECK(d.get(used + 2, 2) == 1);
  CHECK(d.pin.level);
  CHECK(ports.io_read(19, 1) == 1);
  CHECK_FALSE(d.pin.level);
}

TEST_CASE("without bus mastering nothing is done until it is enabled") {
  ConsoleBench b;
  VirtioDriver& d = b.driver;
  d.put(kBuffer, 0x41, 1);
  d.descriptor(0, kBuffer, 1, 0, 0, VirtioDriver::kTable + VirtioDriver::kNextQueue);
  d.function.config_write(0x04, 2, 3);
  d.offer(0, 1);
  d.notify(1);
  CHECK(b.sink.text.empty());
  d.function.config_write(0x04, 2, 7);
  d.time.pass(10'000);
  CHECK(b.sink.text == "A");
}

TEST_CASE("MSI-X sends the queue's message, and keeps it while it is masked") {
  ConsoleBench b;
  VirtioDriver& d = b.driver;
  IoDevice& table = *d.function.windows()[1].device;
  const u32 msix = capability(d.function, 0x11);
  table.io_write(16, 8, 0xfee01000);  // vector 1: to APIC 1
  table.io_write(24, 4, 0x4061);
  CHECK(table.io_read(28, 4) == 1);  // masked after reset
  d.function.config_write(msix + 2, 2, 0x8000);
  d.write_common(22, 2, 1);
  d.write_common(26, 2, 77);  // there is no such vector
  CHECK(d.read_common(26, 2) == 0xffff);
  d.write_common(26, 2, 1);
  d.descriptor(0, kBuffer, 1, 0, 0, VirtioDriver::kTable + VirtioDriver::kNextQueue);
  d.offer(0, 1);
  d.notify(1);
  CHECK(d.messages.sent.empty());
  CHECK(table.io_read(0x800, 4) == 2);
  table.io_write(28, 4, 0);
  REQUIRE(d.messages.sent.size() == 1);
  CHECK(d.messages.sent[0].vector == 0x61);
  CHECK(d.messages.sent[0].destination == 1);
  CHECK(table.io_read(0x800, 4) == 0);
  CHECK_FALSE(d.pin.level);
}

TEST_CASE("a message to anywhere but the APICs goes nowhere") {
  ConsoleBench b;
  Msix& msix = *static_cast<Msix*>(b.driver.function.windows()[1].device);
  msix.set_control(true, false);
  msix.io_write(0, 8, 0x1000);
  msix.io_write(12, 4, 0);
  msix.raise(0);
  msix.raise(1000);
  CHECK(b.driver.messages.sent.empty());
}

TEST_CASE("the window in configuration space reaches BAR 4") {
  VirtioRng rng;
  VirtioDriver d(rng);
  const u32 at = capability(d.function, 9, 5);
  d.function.config_write(at + 4, 1, 4);
  d.function.config_write(at + 8, 4, 20);
  d.function.config_write(at + 12, 4, 1);
  d.function.config_write(at + 16, 1, 3);
  CHECK(d.status() == 3);
  CHECK(d.function.config_read(at + 16, 4) == 3);
  d.function.config_write(at + 8, 4, 0xfffffffe);
  d.function.config_write(at + 12, 4, 4);
  d.function.config_write(at + 16, 4, 0);
  CHECK(d.status() == 3);
}

TEST_CASE("console: bytes wait until the driver has buffers, and then fill them") {
  ConsoleBench b;
  VirtioDriver& d = b.driver;
  const std::string text = "typed";
  b.console.receive({reinterpret_cast<const u8*>(text.data()), text.size()});
  d.time.pass(100'000);
  CHECK(d.used_index() == 0);
  d.descriptor(0, kBuffer, 3, VirtioDriver::kWrite);
  d.descriptor(1, kBuffer + 3, 3, VirtioDriver::kWrite);
  d.offer(0);
  d.offer(1);
  d.notify();
  CHECK(d.used_index() == 2);
  CHECK(d.used_size(0) == 3);
  CHECK(d.used_size(1) == 2);
  CHECK(d.get(kBuffer, 5) == 0x6465707974);
  CHECK(b.console.space() == VirtioConsole::kQueueSize);
}

TEST_CASE("console: a buffer of 4 GiB is refused, one of 64 KiB is not") {
  ConsoleBench b;
  VirtioDriver& d = b.driver;
  d.descriptor(0, 0x100000, 0x10000, 0, 0, VirtioDriver::kTable + VirtioDriver::kNextQueue);
  d.offer(0, 1);
  d.offer(0, 1);
  d.notify(1);
  CHECK(b.sink.text.size() == 0x20000);
  d.descriptor(0, 0x100000, ~0u, 0, 0, VirtioDriver::kTable + VirtioDriver::kNextQueue);
  d.offer(0, 1);
  d.notify(1);
  CHECK(d.needs_reset());
  d.bar4->io_write(0x2008, 4, '!');
  CHECK(b.sink.text.substr(0x20000) == "!");
}
