// A processor in 32-bit protected mode at CPL 0 with GDT, IDT, TSS and stacks for all rings, without paging: for tests
// of what the manual's volume 3 says. Handlers are nothing but addresses: a test looks at where the processor went.
#pragma once

#include <catch2/catch.hpp>
#include <initializer_list>
#include <string>
#include <vector>

#include "cpu/debug.hpp"
#include "cpu/exceptions.hpp"
#include "cpu/far_transfer.hpp"
#include "cpu/segmentation.hpp"
#include "cpu/task_switch.hpp"
#include "interp/interpreter.hpp"

namespace paemu::testing {

class QuietLog final : public Log {
 public:
  void line(std::string_view text) override { lines.emplace_back(text); }
  void once(std::string_view, std::string_view text) override { lines.emplace_back(text); }
  std::vector<std::string> lines;
};

class OneInterrupt final : public InterruptController {
 public:
  bool interrupt_pending() const override { return pending; }
  u8 acknowledge_interrupt() override {
    pending = false;
    return vector;
  }
  bool pending = false;
  u8 vector = 0x20;
};

// Access bytes of descriptors: P, S and type; DPL is added.
namespace access {
inline constexpr u8 kData = 0x92, kReadOnly = 0x90, kExpandDown = 0x96, kCode = 0x9a, kExecuteOnly = 0x98,
                    kConforming = 0x9e, kNotPresentData = 0x12, kNotPresentCode = 0x1a, kLdt = 0x82, kTss = 0x89,
                    kTss16 = 0x81, kCallGate = 0x8c, kTaskGate = 0x85, kInterruptGate = 0x8e, kTrapGate = 0x8f,
                    kInterruptGate16 = 0x86;
}

class SystemMachine {
 public:
  static constexpr u32 kGdt = 0x1000, kIdt = 0x2000, kTss = 0x3000, kOtherTss = 0x3200, kLdt = 0x4000;
  static constexpr u32 kCode = 0x10000, kHandlers = 0x20000;
  static constexpr u32 stack_of(u32 ring) { return 0x50000 + ring * 0x1000; }  // tops
  // Selectors: code and data of each ring, then the TSS, then free places from kFree.
  static constexpr u16 code_of(u32 ring) { return static_cast<u16>(0x08 + ring * 0x10 + ring); }
  static constexpr u16 data_of(u32 ring) { return static_cast<u16>(0x10 + ring * 0x10 + ring); }
  static constexpr u16 kTssSelector = 0x48, kOtherTssSelector = 0x50, kLdtSelector = 0x58, kFree = 0x60;

  SystemMachine() {
    DimmSpec spec;
    spec.id = "boot0";
    spec.socket = Socket::Boot;
    spec.size = 16 * kMiB;
    REQUIRE(memory.insert(spec).ok());
    for (u32 ring = 0; ring < 4; ++ring) {
      descriptor(code_of(ring), 0, 0xfffff, access::kCode, ring);
      descriptor(data_of(ring), 0, 0xfffff, access::kData, ring);
    }
    descriptor(kTssSelector, kTss, 0x67 + 0x20, access::kTss, 0, 0);
    descriptor(kOtherTssSelector, kOtherTss, 0x67, access::kTss, 0, 0);
    descriptor(kLdtSelector, kLdt, 0xff, access::kLdt, 0, 0);
    for (u32 v = 0; v < 256; ++v)
      gate(v, access::kInterruptGate, code_of(0), handler(v), v == 3 || v == 4 || v == 0x80 ? 3 : 0);
    for (u32 ring = 0; ring < 3; ++ring) {
      put(kTss + 4 + 8 * ring, stack_of(ring));
      put(kTss + 8 + 8 * ring, data_of(ring));
    }
    put(kTss + 0x64, 0x68u << 16);  // the I/O bitmap follows at once
    for (u32 i = 0; i < 0x20; i += 4) put(kTss + 0x68 + i, 0xffffffff);

    CpuState& s = cpu.state;
    s.cr0 = cr0::kProtection | cr0::kExtensionType;
    s.gdtr = DescriptorTable{kGdt, 0xff};
    s.idtr = DescriptorTable{kIdt, 0x7ff};
    s.tr = Segment{kTssSelector, 0x8b, kTss, 0x67 + 0x20};
    cpu.interrupts = &interrupts;
    at_ring(0);
  }

  // Flat segments of `ring`, its stack, EIP at kCode.
  void at_ring(u32 ring) {
    CpuState& s = cpu.state;
    s.eflags &= ~eflag::kVirtual8086;
    for (Segment& g : s.segment) g = Segment{data_of(ring), static_cast<u16>(0xc093 | (ring << 5)), 0, ~0u};
    s.segment[isa::kCs] = Segment{code_of(ring), static_cast<u16>(0xc09b | (ring << 5)), 0, ~0u};
    s.gpr[isa::kEsp] = stack_of(ring);
    s.eip = kCode;
    cpu.adopt();
  }

  // A virtual-8086 task at CS:IP 1000:0000, which is kCode, with stack 4000:1000.
  void at_virtual8086(u32 iopl) {
    CpuState& s = cpu.state;
    s.eflags = eflag::kAlwaysOne | eflag::kVirtual8086 | (iopl << eflag::kIoplShift);
    cpu.adopt();
    for (u32 i = 0; i < 6; ++i)
      load_segment_real(cpu, static_cast<isa::SegmentRegister>(i), static_cast<u16>(0x4000 + i));
    load_segment_real(cpu, isa::kSs, 0x4000);
    load_segment_real(cpu, isa::kCs, kCode >> 4);
    s.eip = 0;
    s.gpr[isa::kEsp] = 0x1000;
    cpu.adopt();
  }

  bool mmu_pdptes() { return cpu.mmu.read_pdptes(cpu.state.cr3, cpu.state.pdpte); }
  void put(u32 at, u32 v) { REQUIRE(memory.write(GuestPhys{at}, {reinterpret_cast<const u8*>(&v), 4})); }
  u32 get(u32 at) {
    u32 v = 0;
    REQUIRE(memory.read(GuestPhys{at}, {reinterpret_cast<u8*>(&v), 4}));
    return v;
  }
  u16 get16(u32 at) { return static_cast<u16>(get(at)); }
  void code(std::initializer_list<u8> bytes, u32 at = kCode) {
    REQUIRE(memory.write(GuestPhys{at}, {bytes.begin(), bytes.size()}));
  }

  // limit: raw, 20 bits. flags: G and D/B as in bits 20-23 of the high dword.
  void descriptor(u16 selector, u32 base, u32 limit, u8 access, u32 dpl, u32 flags = 0xc) {
    const u32 at = ((selector & 4) ? kLdt : kGdt) + (selector & 0xfff8u);
    put(at, (base << 16) | (limit & 0xffff));
    put(at + 4,
        (base & 0xff000000) | (flags << 20) | (limit & 0xf0000) | ((access | (dpl << 5)) << 8) | ((base >> 16) & 0xff));
  }
  void call_gate(u16 at, u8 access, u16 target, u32 offset, u32 dpl, u32 parameters = 0) {
    put(kGdt + (at & 0xfff8u), (u32{target} << 16) | (offset & 0xffff));
    put(kGdt + (at & 0xfff8u) + 4, (offset & 0xffff0000) | ((access | (dpl << 5)) << 8) | parameters);
  }
  void gate(u32 vector, u8 access, u16 selector, u32 offset, u32 dpl) {
    put(kIdt + vector * 8, (u32{selector} << 16) | (offset & 0xffff));
    put(kIdt + vector * 8 + 4, (offset & 0xffff0000) | ((access | (dpl << 5)) << 8));
  }
  static u32 handler(u32 vector) { return kHandlers + vector * 16; }

  u32 stacked(u32 index) { return get(cpu.state.segment[isa::kSs].base + cpu.stack_pointer() + index * 4); }
  u32& esp() { return cpu.state.gpr[isa::kEsp]; }
  void push(u32 v) {
    esp() -= 4;
    put(cpu.state.segment[isa::kSs].base + esp(), v);
  }

  void require_fault(Vector v, u32 error_code) {
    REQUIRE(static_cast<u32>(cpu.fault.vector) == static_cast<u32>(v));
    REQUIRE(cpu.fault.error_code == error_code);
  }

  VirtualClock clock;
  EventQueue events;
  PortBus ports;
  MmioBus mmio;
  PhysicalMemory memory{36};
  QuietLog log;
  OneInterrupt interrupts;
  Cpu cpu{CpuWiring{clock, events, ports, mmio, memory, log}};
  Interpreter interpreter{cpu};
};

}  // namespace paemu::testing
