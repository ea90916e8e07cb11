// The local APIC and the I/O APIC, apart and together.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

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

namespace {

// Four processors on one bus.
struct Row {
  Time time;
  ApicBus bus;
  std::vector<std::unique_ptr<LocalApic>> apics;
  std::vector<u32> inits, starts;

  Row() {
    for (u32 id = 0; id < 4; ++id) {
      apics.push_back(std::make_unique<LocalApic>(
          LocalApic::Wiring{time.events, time.clock, bus}, id,
          LocalApic::Callbacks{.init = [this, id] { inits.push_back(id); }, .start_up = [this](u8 v) { starts.push_back(v); }}));
      bus.connect(*apics.back());
      apics[id]->io_write(0xf0, 4, 0x1ff);
      apics[id]->io_write(0xd0, 4, u64{1} << (24 + id));
    }
  }
  void send(u32 from, u32 icr, u32 destination = 0) {
    apics[from]->io_write(0x310, 4, u64{destination} << 24);
    apics[from]->io_write(0x300, 4, icr);
  }
  // Who has an interrupt, which is taken and served.
  std::string taken() {
    std::string who;
    for (u32 id = 0; id < 4; ++id) {
      if (!apics[id]->interrupt_pending()) continue;
      apics[id]->acknowledge_interrupt();
      apics[id]->io_write(0xb0, 4, 0);
      who += std::to_string(id);
    }
    return who;
  }
};

}  // namespace

TEST_CASE("APIC bus: destinations and shorthands reach whom they name") {
  Row r;
  r.send(1, 0x4050, 3);
  CHECK(r.taken() == "3");
  r.send(1, 0x4050, 0xff);
  CHECK(r.taken() == "0123");
  r.send(1, 0x84050);
  CHECK(r.taken() == "0123");
  r.send(1, 0xc4050);
  CHECK(r.taken() == "023");
  r.send(1, 0x44050);
  CHECK(r.taken() == "1");
  r.send(2, 0x4850, 0x09);
  CHECK(r.taken() == "03");
  r.apics[0]->set_global_enable(false);
  r.send(2, 0x4850, 0x09);
  CHECK(r.taken() == "3");
}

TEST_CASE("APIC bus: lowest priority goes to one, in turn among equals, and to who has the vector already") {
  Row r;
  std::string order;
  for (int i = 0; i < 5; ++i) {
    r.send(0, 0x4950, 0x0f);
    order += r.taken();
  }
  CHECK(order == "12301");
  r.apics[2]->io_write(0x80, 4, 0x10);
  r.apics[1]->io_write(0x80, 4, 0x20);
  r.send(0, 0x4950, 0x06);
  CHECK(r.taken() == "2");
  // In service at 1: the focus processor takes the next one too, whatever its priority.
  r.send(0, 0x4050, 1);
  r.apics[1]->acknowledge_interrupt();
  r.send(0, 0x4950, 0x0f);
  CHECK(r.taken().empty());
  r.apics[1]->io_write(0xb0, 4, 0);
  CHECK(r.taken() == "1");
}

TEST_CASE("APIC bus: INIT and start-up come through to disabled APICs, a level de-assert to none") {
  Row r;
  r.apics[3]->io_write(0xf0, 4, 0xff);
  r.send(0, 0xc4500);
  CHECK(r.inits == std::vector<u32>{1, 2, 3});
  r.send(0, 0xc8500);  // level, de-assert
  CHECK(r.inits.size() == 3);
  r.send(0, 0x4609, 3);
  CHECK(r.starts == std::vector<u32>{9});
  r.send(0, 0x44500);  // to itself: not valid
  CHECK(r.inits.size() == 3);
}

TEST_CASE("local APIC: an INIT keeps its ID and forgets the rest") {
  Row r;
  r.apics[2]->io_write(0x320, 4, 0x20040);
  r.apics[2]->io_write(0x380, 4, 100);
  r.apics[2]->init_reset();
  CHECK(r.apics[2]->io_read(0x20, 4) == 0x02000000);
  CHECK(r.apics[2]->io_read(0xf0, 4) == 0xff);
  CHECK(r.apics[2]->io_read(0x350, 4) == 0x10000);
  CHECK(r.apics[2]->io_read(0x390, 4) == 0);
}
