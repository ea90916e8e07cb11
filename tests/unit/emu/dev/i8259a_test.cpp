#include "dev/i8259a.hpp"

#include <catch2/catch.hpp>

using namespace paemu;

namespace {

constexpr u8 kEoi = 0x20;

// A pair as a PC's firmware sets it up: vectors 0x20 and 0x28, nothing masked.
struct Pair {
  I8259a pic;
  explicit Pair(u8 icw4 = 0x01) {
    pic.reset();
    init(pic.master_ports(), 0x20, 0x04, icw4);
    init(pic.slave_ports(), 0x28, 0x02, 0x01);
  }
  static void init(IoDevice& chip, u8 base, u8 icw3, u8 icw4) {
    chip.io_write(0, 1, 0x11);
    chip.io_write(1, 1, base);
    chip.io_write(1, 1, icw3);
    chip.io_write(1, 1, icw4);
    chip.io_write(1, 1, 0x00);
  }
  void edge(u32 irq) {
    pic.set_line(irq, false);
    pic.set_line(irq, true);
  }
  void eoi(u32 irq) {
    if (irq >= 8) pic.slave_ports().io_write(0, 1, kEoi);
    pic.master_ports().io_write(0, 1, kEoi);
  }
};

}  // namespace

TEST_CASE("8259A: after reset nothing is pending and everything is masked") {
  I8259a pic;
  pic.reset();
  pic.set_line(0, true);
  CHECK_FALSE(pic.interrupt_pending());
  CHECK(pic.master_ports().io_read(1, 1) == 0xff);
}

TEST_CASE("8259A: the higher priority goes first and holds back the lower until EOI") {
  Pair p;
  p.edge(4);
  p.edge(1);
  REQUIRE(p.pic.interrupt_pending());
  CHECK(p.pic.acknowledge_interrupt() == 0x21);
  CHECK_FALSE(p.pic.interrupt_pending());
  p.edge(0);
  CHECK(p.pic.acknowledge_interrupt() == 0x20);
  p.eoi(0);
  CHECK_FALSE(p.pic.interrupt_pending());
  p.eoi(1);
  CHECK(p.pic.acknowledge_interrupt() == 0x24);
}

TEST_CASE("8259A: the slave's interrupts come through input 2 and need two EOIs") {
  Pair p;
  p.edge(12);
  p.edge(8);
  CHECK(p.pic.acknowledge_interrupt() == 0x28);
  p.pic.master_ports().io_write(0, 1, kEoi);
  CHECK_FALSE(p.pic.interrupt_pending());
  p.pic.slave_ports().io_write(0, 1, kEoi);
  REQUIRE(p.pic.interrupt_pending());
  CHECK(p.pic.acknowledge_interrupt() == 0x2c);
  p.eoi(12);
  CHECK_FALSE(p.pic.interrupt_pending());
}

TEST_CASE("8259A: an edge is taken once, a level again while it is high") {
  Pair p;
  p.edge(5);
  CHECK(p.pic.acknowledge_interrupt() == 0x25);
  p.eoi(5);
  CHECK_FALSE(p.pic.interrupt_pending());

  p.pic.elcr_ports().io_write(1, 1, 0x02);  // IRQ 9
  p.pic.set_line(9, true);
  CHECK(p.pic.acknowledge_interrupt() == 0x29);
  p.eoi(9);
  CHECK(p.pic.interrupt_pending());
  p.pic.set_line(9, false);
  CHECK_FALSE(p.pic.interrupt_pending());
}

TEST_CASE("8259A: the timer, cascade and RTC inputs can't be made level triggered") {
  Pair p;
  p.pic.elcr_ports().io_write(0, 1, 0xff);
  p.pic.elcr_ports().io_write(1, 1, 0xff);
  CHECK(p.pic.elcr_ports().io_read(0, 1) == 0xf8);
  CHECK(p.pic.elcr_ports().io_read(1, 1) == 0xde);
}

TEST_CASE("8259A: a request that is gone before INTA gives the spurious vector without a bit in service") {
  Pair p;
  p.edge(3);
  p.pic.set_line(3, false);
  CHECK_FALSE(p.pic.interrupt_pending());
  CHECK(p.pic.acknowledge_interrupt() == 0x27);
  p.pic.master_ports().io_write(0, 1, 0x0b);  // read ISR
  CHECK(p.pic.master_ports().io_read(0, 1) == 0);
}

TEST_CASE("8259A: a masked request waits for its unmasking") {
  Pair p;
  p.pic.master_ports().io_write(1, 1, 0x10);
  p.edge(4);
  CHECK_FALSE(p.pic.interrupt_pending());
  p.pic.master_ports().io_write(0, 1, 0x0a);  // read IRR
  CHECK(p.pic.master_ports().io_read(0, 1) == 0x10);
  p.pic.master_ports().io_write(1, 1, 0x00);
  CHECK(p.pic.acknowledge_interrupt() == 0x24);
}

TEST_CASE("8259A: automatic EOI leaves nothing in service") {
  Pair p(0x03);
  p.edge(3);
  CHECK(p.pic.acknowledge_interrupt() == 0x23);
  p.edge(5);
  CHECK(p.pic.interrupt_pending());
}

TEST_CASE("8259A: rotation makes the served input the lowest") {
  Pair p;
  p.edge(0);
  CHECK(p.pic.acknowledge_interrupt() == 0x20);
  p.pic.master_ports().io_write(0, 1, 0xa0);  // rotate on non-specific EOI
  p.edge(0);
  p.edge(1);
  CHECK(p.pic.acknowledge_interrupt() == 0x21);
  p.pic.master_ports().io_write(0, 1, 0x61);  // specific EOI of 1
  p.pic.master_ports().io_write(0, 1, 0xc3);  // set priority: 3 is lowest
  p.edge(4);
  CHECK(p.pic.acknowledge_interrupt() == 0x24);
}

TEST_CASE("8259A: special mask mode lets lower priorities in while one is served") {
  Pair p;
  p.edge(2 + 1);
  CHECK(p.pic.acknowledge_interrupt() == 0x23);
  p.pic.master_ports().io_write(1, 1, 0x08);  // mask what is served
  p.pic.master_ports().io_write(0, 1, 0x68);  // set special mask
  p.edge(6);
  REQUIRE(p.pic.interrupt_pending());
  CHECK(p.pic.acknowledge_interrupt() == 0x26);
}

TEST_CASE("8259A: special fully nested mode lets the slave interrupt itself") {
  Pair p(0x11);
  p.edge(14);
  CHECK(p.pic.acknowledge_interrupt() == 0x2e);
  p.edge(8);
  REQUIRE(p.pic.interrupt_pending());
  CHECK(p.pic.acknowledge_interrupt() == 0x28);
}

TEST_CASE("8259A: a poll acknowledges") {
  Pair p;
  p.edge(6);
  p.pic.master_ports().io_write(0, 1, 0x0c);
  CHECK(p.pic.master_ports().io_read(0, 1) == 0x86);
  CHECK_FALSE(p.pic.interrupt_pending());
  p.pic.master_ports().io_write(0, 1, 0x0c);
  CHECK(p.pic.master_ports().io_read(0, 1) == 0);
}

TEST_CASE("8259A: a chip in the middle of its initialization asks for nothing") {
  Pair p;
  p.pic.master_ports().io_write(0, 1, 0x11);
  p.edge(1);
  CHECK_FALSE(p.pic.interrupt_pending());
}
