// When things happen: what devices see of the retired count, and when the engine notices what they did.
#include <catch2/catch.hpp>

#include "flat_machine.hpp"

using namespace paemu;
using testing::FlatMachine;

namespace {

// Remembers when it was reached, and can arm an event or ask to stop.
class Probe final : public IoDevice, public EventSink {
 public:
  explicit Probe(FlatMachine& m) : m_(m), event_(m.events.add("probe", *this)) {
    m.ports.map(0x80, 4, *this);
    m.mmio.map(GuestPhys{0xfec00000}, 0x1000, *this);
  }
  u64 io_read(u64, u32) override {
    reads.push_back(m_.clock.retired);
    return 0x11;
  }
  void io_write(u64, u32, u64 value) override {
    writes.push_back(m_.clock.retired);
    if (value == 0xaa) m_.events.arm(event_, m_.clock.now() + 3);
    if (value == 0xbb) m_.cpu.request_stop();
  }
  void on_event(u32, Ticks now) override { events.push_back(now.value); }

  std::vector<u64> reads, writes, events;

 private:
  FlatMachine& m_;
  EventQueue::Handle event_;
};

class Interrupts final : public InterruptController {
 public:
  bool interrupt_pending() const override { return pending; }
  u8 acknowledge_interrupt() override {
    pending = false;
    return 0x20;
  }
  bool pending = false;
};

}  // namespace

TEST_CASE("a port sees how many instructions retired before its own") {
  FlatMachine m;
  Probe probe(m);
  m.code({0x40, 0x40, 0xe4, 0x80, 0x40, 0xe6, 0x80, 0xeb, 0xf7});  // inc, inc, in, inc, out, jmp
  m.interpreter.run(12);
  CHECK(probe.reads == std::vector<u64>{2, 8});
  CHECK(probe.writes == std::vector<u64>{4, 10});
}

TEST_CASE("device memory sees how many instructions retired before its own, within a block too") {
  FlatMachine m;
  Probe probe(m);
  // 1: inc eax; mov ebx, [0xfec00000]; inc eax; mov [0xfec00000], ebx; jmp 1b
  m.code({0x40, 0x8b, 0x1d, 0, 0, 0xc0, 0xfe, 0x40, 0x89, 0x1d, 0, 0, 0xc0, 0xfe, 0xeb, 0xf0});
  m.interpreter.run(10);
  CHECK(probe.reads == std::vector<u64>{1, 6});
  CHECK(probe.writes == std::vector<u64>{3, 8});
  CHECK(m.gpr(isa::kEbx) == 0x11);
}

TEST_CASE("an event that a device arms during a slice ends the slice at its deadline") {
  FlatMachine m;
  Probe probe(m);
  m.gpr(isa::kEax) = 0xaa;
  // out 0x80, al; 1: inc ecx; jmp 1b
  m.code({0xe6, 0x80, 0x41, 0xeb, 0xfd});
  m.interpreter.run(1000);
  CHECK(m.clock.retired == 3);
  m.events.run_due(m.clock.now());
  CHECK(probe.events == std::vector<u64>{3});
}

TEST_CASE("a stop that a device asks for takes effect after the instruction") {
  FlatMachine m;
  Probe probe(m);
  m.gpr(isa::kEax) = 0xbb;
  m.code({0x41, 0xa3, 0, 0, 0xc0, 0xfe, 0x41, 0xeb, 0xfe});  // inc ecx; mov [0xfec00000], eax; inc ecx; jmp .
  m.gpr(isa::kEcx) = 0;
  m.interpreter.run(1000);
  CHECK(m.clock.retired == 2);
  CHECK(m.gpr(isa::kEcx) == 1);
  m.interpreter.run(10);
  CHECK(m.gpr(isa::kEcx) == 2);
}

TEST_CASE("an interrupt that an access raises is taken before the next instruction") {
  FlatMachine m;
  Interrupts interrupts;
  m.cpu.interrupts = &interrupts;
  struct Raiser final : IoDevice {
    explicit Raiser(Interrupts& i) : controller(i) {}
    u64 io_read(u64, u32) override { return 0; }
    void io_write(u64, u32, u64) override { controller.pending = true; }
    Interrupts& controller;
  } raiser(interrupts);
  m.mmio.map(GuestPhys{0xfec00000}, 0x1000, raiser);
  m.cpu.state.eflags |= eflag::kInterrupt;
  m.cpu.state.idtr = DescriptorTable{0x8000, 0x7ff};
  m.cpu.state.gdtr = DescriptorTable{0x9000, 0xff};
  m.load(0x9008, std::initializer_list<u8>{0xff, 0xff, 0, 0, 0, 0x9b, 0xcf, 0});
  // Vector 20: an interrupt gate to 0x101000.
  m.load(0x8000 + 0x20 * 8, std::initializer_list<u8>{0x00, 0x10, 0x08, 0x00, 0x00, 0x8e, 0x10, 0x00});
  m.load(0x101000, std::initializer_list<u8>{0xeb, 0xfe});
  m.code({0xa3, 0, 0, 0xc0, 0xfe, 0x41, 0x41, 0xeb, 0xfe});
  m.gpr(isa::kEcx) = 0;
  m.interpreter.run(20);
  CHECK(m.cpu.state.eip == 0x101000);
  CHECK(m.gpr(isa::kEcx) == 0);
  CHECK(m.dword(FlatMachine::kStack - 12) == FlatMachine::kCode + 5);  // the pushed EIP
}

TEST_CASE("a repeated string instruction gives way to an interrupt between two iterations") {
  FlatMachine m;
  Probe probe(m);
  // rep stosb to a device: every iteration is seen at its own count
  m.code({0xf3, 0xaa, 0xeb, 0xfe});
  m.gpr(isa::kEdi) = 0xfec00000;
  m.gpr(isa::kEcx) = 5;
  m.gpr(isa::kEax) = 0xaa;
  m.interpreter.run(100);
  CHECK(probe.writes == std::vector<u64>{0, 1, 2});
  CHECK(m.clock.retired == 3);
  CHECK(m.cpu.state.eip == FlatMachine::kCode);
  CHECK(m.gpr(isa::kEcx) == 2);
}
