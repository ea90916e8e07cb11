#include "dev/ns16550.hpp"

#include <catch2/catch.hpp>

#include "fixture.hpp"

using namespace paemu;
using namespace paemu::test;

namespace {

constexpr u64 kByteTime = 10 * kTicksPerSecond / 115200 + 1;

struct Bench {
  Time time;
  Sink sink;
  Ns16550 uart{"serial0", 0, time.events, time.clock, sink};
  Pin irq;
  Bench() {
    uart.irq.connect(irq, 4);
    set(3, 0x83);
    set(0, 1);  // 115200 baud
    set(1, 0);
    set(3, 0x03);
    set(4, 0x0b);
  }
  u8 get(u64 reg) { return static_cast<u8>(uart.io_read(reg, 1)); }
  void set(u64 reg, u8 value) { uart.io_write(reg, 1, value); }
  void type(std::string_view text) { uart.receive({reinterpret_cast<const u8*>(text.data()), text.size()}); }
};

}  // namespace

TEST_CASE("16550: what is written leaves at once and the transmitter is always empty") {
  Bench b;
  for (char c : std::string_view("hello")) b.set(0, static_cast<u8>(c));
  CHECK(b.sink.text == "hello");
  CHECK((b.get(5) & 0x60) == 0x60);
  CHECK(b.irq.rises == 0);
}

TEST_CASE("16550: THR empty interrupts when enabled and after each byte, until IIR is read") {
  Bench b;
  b.set(1, 0x02);
  CHECK(b.irq.level);
  CHECK(b.get(2) == 0x02);
  CHECK_FALSE(b.irq.level);
  CHECK(b.get(2) == 0x01);
  b.set(0, 'x');
  CHECK(b.irq.level);
  b.set(0, 'y');
  CHECK(b.irq.rises == 3);  // each byte is an edge
}

TEST_CASE("16550: received bytes arrive a byte time apart, each with an edge") {
  Bench b;
  b.set(1, 0x01);
  b.type("ab");
  CHECK((b.get(5) & 1) == 0);
  b.time.pass(kByteTime);
  CHECK(b.irq.level);
  CHECK(b.get(2) == 0x04);
  CHECK(b.get(0) == 'a');
  CHECK_FALSE(b.irq.level);
  b.time.pass(kByteTime);
  CHECK(b.irq.level);
  CHECK(b.get(0) == 'b');
  CHECK(b.irq.rises == 2);
}

TEST_CASE("16550: bytes wait outside for a receiver that nobody reads; none is lost") {
  Bench b;
  b.type("0123456789abcdefXYZ");
  b.time.pass(kByteTime * 30);
  CHECK((b.get(5) & 0x02) == 0);
  std::string got;
  for (int i = 0; i < 19; ++i) {
    got += static_cast<char>(b.get(0));
    b.time.pass(kByteTime);
  }
  CHECK(got == "0123456789abcdefXYZ");
}

TEST_CASE("16550: with FIFOs the interrupt waits for the trigger level, or for the timeout") {
  Bench b;
  b.set(2, 0x87);  // enable, clear, trigger at 8
  b.set(1, 0x01);
  b.type("1234567");
  b.time.pass(kByteTime * 7);
  CHECK_FALSE(b.irq.level);
  b.time.pass(kByteTime * 5);
  CHECK(b.irq.level);
  CHECK(b.get(2) == 0xcc);
  b.get(0);
  CHECK_FALSE(b.irq.level);
  b.type("89");
  b.time.pass(kByteTime * 2);
  CHECK(b.get(2) == 0xc4);
}

TEST_CASE("16550: the loop connects output to input and modem outputs to modem inputs") {
  Bench b;
  b.set(4, 0x1a);
  CHECK((b.get(6) & 0xf0) == 0x90);  // RTS to CTS, OUT2 to DCD
  b.set(0, 0x5a);
  CHECK(b.sink.text.empty());
  CHECK(b.get(0) == 0x5a);
}

TEST_CASE("16550: an overrun in the loop is reported once by LSR") {
  Bench b;
  b.set(4, 0x10);
  b.set(0, 1);
  b.set(0, 2);
  CHECK((b.get(5) & 0x03) == 0x03);
  CHECK((b.get(5) & 0x02) == 0);
  CHECK(b.get(0) == 2);
}

TEST_CASE("16550: a modem change is told once by MSR") {
  Bench b;
  b.set(1, 0x08);
  b.set(4, 0x08);
  b.get(6);
  b.set(4, 0x1f);
  b.set(4, 0x10);
  CHECK((b.get(6) & 0x0f) == 0x0f);
  CHECK((b.get(6) & 0x0f) == 0);
}

TEST_CASE("16550: IIR, scratch and FIFO bits identify the chip") {
  Bench b;
  CHECK((b.get(2) & 0xc0) == 0);
  b.set(2, 0x01);
  CHECK((b.get(2) & 0xc0) == 0xc0);
  b.set(7, 0xa5);
  CHECK(b.get(7) == 0xa5);
}

TEST_CASE("16550: what does not fit the queue is dropped, and the space is told") {
  Bench b;
  b.type(std::string(Ns16550::kQueueSize + 100, 'x'));
  CHECK(b.uart.queue_space() == 0);
}

TEST_CASE("16550: without OUT2 nothing reaches the interrupt line") {
  Bench b;
  b.set(4, 0);
  b.set(1, 0x02);
  CHECK_FALSE(b.irq.level);
  b.set(4, 0x08);
  CHECK(b.irq.level);
}
