// The local APIC and the I/O APIC, apart and together.
#include <catch2/catch.hpp>

#include "dev/ioapic.hpp"
#include "dev/local_apic.hpp"
#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

struct FakePic final : InterruptController {
  bool pending = false;
  bool interrupt_pending() const override { return pending; }
  u8 acknowledge_interrupt() override { return 0x33; }
};

struct Bench {
  Time time;
  FakePic pic;
  ApicBus bus;
  LocalApic apic{{time.events, time.clock, bus, &pic}, 0, {.init = [] {}, .start_up = [](u8) {}}};
  IoApic io{bus};
  Pin nmi;

  Bench() {
    bus.connect(apic);
    apic.connect_io_apic(io);
    apic.nmi.connect(nmi, 0);
    set(0xf0, 0x1ff);  // software enable, spurious vector 0xff
  }
  u32 get(u32 offset) { return static_cast<u32>(apic.io_read(offset, 4)); }
  void set(u32 offset, u32 value) { apic.io_write(offset, 4, value); }
  void redirect(u32 pin, u64 entry) {
    io.io_write(0, 4, 0x10 + 2 * pin);
    io.io_write(0x10, 4, entry & 0xffffffff);
    io.io_write(0, 4, 0x11 + 2 * pin);
    io.io_write(0x10, 4, entry >> 32);
  }
  u64 entry(u32 pin) {
    io.io_write(0, 4, 0x10 + 2 * pin);
    return io.io_read(0x10, 4);
  }
  void send_self(u8 vector) { set(0x300, 0x40000 | vector); }
};

constexpr u64 kLevel = 1 << 15, kMask = 1 << 16;

}  // namespace

TEST_CASE("local APIC: after reset the 8259A passes through") {
  Time time;
  FakePic pic;
  ApicBus bus;
  LocalApic apic({time.events, time.clock, bus, &pic}, 0, {.init = [] {}, .start_up = [](u8) {}});
  CHECK_FALSE(apic.interrupt_pending());
  pic.pending = true;
  CHECK(apic.interrupt_pending());
  CHECK(apic.acknowledge_interrupt() == 0x33);
  apic.io_write(0x350, 4, 0x10700);  // LINT0 masked
  CHECK_FALSE(apic.interrupt_pending());
  apic.set_global_enable(false);
  CHECK(apic.interrupt_pending());
}

TEST_CASE("local APIC: the highest vector goes first and holds back its class until EOI") {
  Bench b;
  b.send_self(0x41);
  b.send_self(0x52);
  CHECK(b.apic.acknowledge_interrupt() == 0x52);
  CHECK_FALSE(b.apic.interrupt_pending());
  CHECK(b.get(0xa0) == 0x50);
  b.send_self(0x61);
  CHECK(b.apic.acknowledge_interrupt() == 0x61);
  b.set(0xb0, 0);
  CHECK_FALSE(b.apic.interrupt_pending());
  b.set(0xb0, 0);
  CHECK(b.apic.acknowledge_interrupt() == 0x41);
}

TEST_CASE("local APIC: the task priority holds back its class and below") {
  Bench b;
  b.set(0x80, 0x50);
  b.send_self(0x5f);
  CHECK_FALSE(b.apic.interrupt_pending());
  CHECK(b.apic.acknowledge_interrupt() == 0xff);  // spurious
  b.set(0x80, 0x40);
  CHECK(b.apic.interrupt_pending());
}

TEST_CASE("local APIC timer: one-shot fires once, after its count through the divider") {
  Bench b;
  b.set(0x3e0, 0x3);  // by 16
  b.set(0x320, 0x40);
  b.set(0x380, 1000);
  b.time.pass(1000 * 16 * LocalApic::kTicksPerBusClock - 1);
  CHECK(b.get(0x390) == 1);
  CHECK_FALSE(b.apic.interrupt_pending());
  b.time.pass(1);
  CHECK(b.apic.acknowledge_interrupt() == 0x40);
  b.set(0xb0, 0);
  CHECK(b.get(0x390) == 0);
  b.time.pass(1'000'000);
  CHECK_FALSE(b.apic.interrupt_pending());
}

TEST_CASE("local APIC timer: periodic fires at every period, and reloads the count") {
  Bench b;
  b.set(0x3e0, 0xb);  // by 1
  b.set(0x320, 0x20040);
  b.set(0x380, 100);
  u32 count = 0;
  for (int i = 0; i < 5000; ++i) {
    b.time.pass(10);
    if (!b.apic.interrupt_pending()) continue;
    b.apic.acknowledge_interrupt();
    b.set(0xb0, 0);
    ++count;
  }
  CHECK(count == 50);
  CHECK(b.get(0x390) == 100);
}

TEST_CASE("local APIC timer: the shortest period lets time pass, and zero stops it") {
  Bench b;
  b.set(0x3e0, 0xb);
  b.set(0x320, 0x20040);
  b.set(0x380, 1);
  b.time.pass(1000);
  CHECK(b.apic.interrupt_pending());
  b.set(0x380, 0);
  CHECK(b.time.events.next_deadline() == kNever);
}

TEST_CASE("local APIC timer: a new divider keeps the count, and an expired count stays expired") {
  Bench b;
  b.set(0x320, 0x40);
  b.set(0x3e0, 0xb);
  b.set(0x380, 1000);
  b.time.pass(400 * 10);
  b.set(0x3e0, 0xa);  // by 128
  CHECK(b.get(0x390) == 600);
  b.set(0x3e0, 0xb);
  b.time.pass(600 * 10);
  CHECK(b.apic.acknowledge_interrupt() == 0x40);
  b.set(0x3e0, 0xa);
  CHECK(b.get(0x390) == 0);
  CHECK(b.time.events.next_deadline() == kNever);
}

TEST_CASE("local APIC: an NMI comes by LINT1 and by an interprocessor interrupt to itself") {
  Bench b;
  b.apic.set_line(LocalApic::kPinLint1Nmi, true);
  b.apic.set_line(LocalApic::kPinLint1Nmi, true);
  CHECK(b.nmi.rises == 1);  // an edge; reset leaves LINT1 as NMI
  b.set(0x300, 0x40400);
  CHECK(b.nmi.rises == 2);
  b.set(0x360, 0x10400);  // masked
  b.apic.set_line(LocalApic::kPinLint1Nmi, false);
  b.apic.set_line(LocalApic::kPinLint1Nmi, true);
  CHECK(b.nmi.rises == 2);
}

TEST_CASE("local APIC: an illegal vector and an illegal register are errors, seen after a write of ESR") {
  Bench b;
  b.set(0x370, 0xfe);
  b.send_self(5);
  CHECK(b.apic.acknowledge_interrupt() == 0xfe);
  CHECK(b.get(0x280) == 0);
  b.set(0x280, 0);
  CHECK(b.get(0x280) == 0x20);
  b.get(0x40);
  b.set(0x280, 0);
  CHECK(b.get(0x280) == 0x80);
}

TEST_CASE("local APIC: an error entry with an illegal vector does not recurse") {
  Bench b;
  b.set(0x370, 0x01);
  b.send_self(5);
  b.set(0x280, 0);
  CHECK(b.get(0x280) != 0);
}

TEST_CASE("local APIC: software disable masks the local vectors and takes no interrupts") {
  Bench b;
  b.set(0x320, 0x40);
  b.set(0xf0, 0xff);
  CHECK((b.get(0x320) & kMask) != 0);
  b.set(0x320, 0x40);
  CHECK((b.get(0x320) & kMask) != 0);
  b.send_self(0x50);
  CHECK_FALSE(b.apic.interrupt_pending());
}

TEST_CASE("local APIC: logical destinations in the flat and the cluster model") {
  Bench b;
  b.set(0xd0, 0x04000000);
  const auto reaches = [&](u8 destination) {
    b.bus.deliver({.vector = 0x50, .destination_mode = DestinationMode::Logical, .destination = destination});
    if (!b.apic.interrupt_pending()) return false;
    b.apic.acknowledge_interrupt();
    b.set(0xb0, 0);
    return true;
  };
  CHECK(reaches(0x0c));
  CHECK_FALSE(reaches(0x08));
  b.set(0xe0, 0x0fffffff);
  b.set(0xd0, 0x12000000);
  CHECK(reaches(0x13));
  CHECK_FALSE(reaches(0x23));
  CHECK(reaches(0xff));
}

TEST_CASE("local APIC: accesses that are not aligned dwords are harmless") {
  Bench b;
  CHECK(b.apic.io_read(0x21, 4) == 0);
  CHECK(b.apic.io_read(0x20, 1) == 0);
  b.apic.io_write(0xf1, 2, ~0u);
  CHECK(b.get(0xf0) == 0x1ff);
}

TEST_CASE("I/O APIC: an edge is delivered once, and lost while masked") {
  Bench b;
  b.redirect(4, 0x44 | kMask);
  b.io.set_line(4, true);
  b.io.set_line(4, false);
  b.redirect(4, 0x44);
  CHECK_FALSE(b.apic.interrupt_pending());
  b.io.set_line(4, true);
  CHECK(b.apic.acknowledge_interrupt() == 0x44);
  b.set(0xb0, 0);
  CHECK_FALSE(b.apic.interrupt_pending());
}

TEST_CASE("I/O APIC: a level is delivered again after EOI while it lasts") {
  Bench b;
  b.redirect(9, 0x59 | kLevel);
  b.io.set_line(9, true);
  CHECK(b.apic.acknowledge_interrupt() == 0x59);
  CHECK((b.entry(9) & 1 << 14) != 0);
  b.set(0xb0, 0);
  CHECK(b.apic.interrupt_pending());
  CHECK(b.apic.acknowledge_interrupt() == 0x59);
  b.io.set_line(9, false);
  b.set(0xb0, 0);
  CHECK_FALSE(b.apic.interrupt_pending());
  CHECK((b.entry(9) & 1 << 14) == 0);
}

TEST_CASE("I/O APIC: a level that came while masked is delivered at the unmasking") {
  Bench b;
  b.redirect(9, 0x59 | kLevel | kMask);
  b.io.set_line(9, true);
  CHECK_FALSE(b.apic.interrupt_pending());
  b.redirect(9, 0x59 | kLevel);
  CHECK(b.apic.interrupt_pending());
}

TEST_CASE("I/O APIC: version and the highest entry are told; registers beyond read zero") {
  Bench b;
  b.io.io_write(0, 4, 1);
  CHECK(b.io.io_read(0x10, 4) == 0x00170020);
  b.io.io_write(0, 4, 0xff);
  CHECK(b.io.io_read(0x10, 4) == 0);
  b.io.io_write(0x10, 4, ~0u);
  b.io.set_line(99, true);
}
