#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;
constexpr u32 kThere = 0x30000;

}  // namespace

TEST_CASE("a far jump to code needs the same ring, or a conforming segment of an inner one") {
  for (u32 cpl = 0; cpl < 4; ++cpl) {
    for (u32 rpl = 0; rpl < 4; ++rpl) {
      for (u32 dpl = 0; dpl < 4; ++dpl) {
        for (const u8 kind : {access::kCode, access::kConforming, access::kData}) {
          M m;
          m.at_ring(cpl);
          m.descriptor(M::kFree, 0, 0xfffff, kind, dpl);
          const bool expected =
              kind == access::kConforming ? dpl <= cpl : kind == access::kCode && dpl == cpl && rpl <= cpl;
          const Outcome o = far_jump(m.cpu, static_cast<u16>(M::kFree | rpl), kThere, 0);
          REQUIRE(o == (expected ? Outcome::kBranch : Outcome::kFault));
          if (expected) {
            REQUIRE(m.cpu.state.eip == kThere);
            REQUIRE(m.cpu.cpl == cpl);
            REQUIRE(m.cpu.state.segment[isa::kCs].selector == (M::kFree | cpl));
          } else {
            m.require_fault(Vector::kGeneralProtection, M::kFree);
          }
        }
      }
    }
  }
}

TEST_CASE("a far call pushes the return address and RETF takes it") {
  M m;
  m.push(0x77);
  REQUIRE(far_call(m.cpu, M::code_of(0), kThere, OperandSize::k32, M::kCode + 7) == Outcome::kBranch);
  REQUIRE(m.stacked(0) == M::kCode + 7);
  REQUIRE(m.stacked(1) == M::code_of(0));
  REQUIRE(far_return(m.cpu, OperandSize::k32, 4) == Outcome::kBranch);
  REQUIRE(m.cpu.state.eip == M::kCode + 7);
  REQUIRE(m.esp() == M::stack_of(0));
}

TEST_CASE("a call gate leads inwards with a new stack and copied parameters, RETF leads back") {
  for (u32 from = 1; from < 4; ++from) {
    for (u32 to = 0; to < from; ++to) {
      M m;
      m.call_gate(M::kFree, access::kCallGate, M::code_of(to), kThere, 3, 2);
      m.at_ring(from);
      m.push(0x1111);
      m.push(0x2222);
      const u32 outer = m.esp();
      REQUIRE(far_call(m.cpu, static_cast<u16>(M::kFree | from), 0xdead, OperandSize::k32, M::kCode + 7) ==
              Outcome::kBranch);
      REQUIRE(m.cpu.state.eip == kThere);
      REQUIRE(m.cpu.cpl == to);
      REQUIRE(m.stacked(0) == M::kCode + 7);
      REQUIRE(m.stacked(1) == M::code_of(from));
      REQUIRE(m.stacked(2) == 0x2222);
      REQUIRE(m.stacked(3) == 0x1111);
      REQUIRE(m.stacked(4) == outer);
      REQUIRE(m.stacked(5) == M::data_of(from));
      // DS still is of the outer ring and stays; a segment of the inner ring is nulled on the way out.
      m.cpu.state.segment[isa::kEs] = m.cpu.state.segment[isa::kSs];
      REQUIRE(far_return(m.cpu, OperandSize::k32, 8) == Outcome::kBranch);
      REQUIRE(m.cpu.cpl == from);
      REQUIRE(m.esp() == outer + 8);
      REQUIRE(m.cpu.state.segment[isa::kDs].selector == M::data_of(from));
      REQUIRE(m.cpu.state.segment[isa::kEs].selector == 0);
    }
  }
}

TEST_CASE("a call gate is refused to rings beyond its privilege, and a jump through it to inner code") {
  M m;
  m.call_gate(M::kFree, access::kCallGate, M::code_of(0), kThere, 2);
  m.at_ring(3);
  REQUIRE(far_call(m.cpu, M::kFree | 3, 0, OperandSize::k32, 0) == Outcome::kFault);
  m.require_fault(Vector::kGeneralProtection, M::kFree);
  m.at_ring(2);
  REQUIRE(far_call(m.cpu, M::kFree | 3, 0, OperandSize::k32, 0) == Outcome::kFault);
  REQUIRE(far_jump(m.cpu, M::kFree | 2, 0, 0) == Outcome::kFault);
  m.require_fault(Vector::kGeneralProtection, M::code_of(0));
  REQUIRE(far_call(m.cpu, M::kFree | 2, 0, OperandSize::k32, 0) == Outcome::kBranch);
}

TEST_CASE("IRET goes to the same or an outer ring and never inwards") {
  for (u32 from = 0; from < 4; ++from) {
    for (u32 to = 0; to < 4; ++to) {
      M m;
      m.at_ring(from);
      const u32 before = m.esp();
      if (to != from) {
        m.push(M::data_of(to));
        m.push(0x7000);
      }
      m.push(eflag::kAlwaysOne | eflag::kCarry);
      m.push(M::code_of(to));
      m.push(kThere);
      const Outcome o = interrupt_return(m.cpu, OperandSize::k32, 0);
      REQUIRE(o == (to >= from ? Outcome::kBranch : Outcome::kFault));
      if (to < from) {
        m.require_fault(Vector::kGeneralProtection, M::code_of(to) & 0xfffc);
        continue;
      }
      REQUIRE(m.cpu.cpl == to);
      REQUIRE(m.cpu.state.eip == kThere);
      REQUIRE((m.cpu.flags() & eflag::kCarry) != 0);
      REQUIRE(m.esp() == (to == from ? before : 0x7000));
      if (to != from) REQUIRE(m.cpu.state.segment[isa::kDs].selector == 0);
    }
  }
}

TEST_CASE("IRET writes IF only when CPL is within IOPL, and IOPL only at ring 0") {
  for (u32 ring = 0; ring < 4; ++ring) {
    for (u32 iopl = 0; iopl < 4; ++iopl) {
      M m;
      m.cpu.state.eflags = eflag::kAlwaysOne | (iopl << eflag::kIoplShift);
      m.at_ring(ring);
      m.push(eflag::kAlwaysOne | eflag::kInterrupt | ((iopl ^ 3) << eflag::kIoplShift));
      m.push(M::code_of(ring));
      m.push(kThere);
      REQUIRE(interrupt_return(m.cpu, OperandSize::k32, 0) == Outcome::kBranch);
      REQUIRE(((m.cpu.flags() & eflag::kInterrupt) != 0) == (ring <= iopl));
      REQUIRE(m.cpu.iopl() == (ring == 0 ? iopl ^ 3 : iopl));
    }
  }
}

TEST_CASE("an IRET that faults leaves registers and stack pointer alone") {
  M m;
  m.push(M::data_of(0));  // the outer stack has the wrong ring
  m.push(0x7000);
  m.push(2);
  m.push(M::code_of(3));
  m.push(kThere);
  const u32 esp = m.esp();
  REQUIRE(interrupt_return(m.cpu, OperandSize::k32, 0) == Outcome::kFault);
  m.require_fault(Vector::kGeneralProtection, M::data_of(0));
  REQUIRE(m.esp() == esp);
  REQUIRE(m.cpu.cpl == 0);
  REQUIRE(m.cpu.state.eip == M::kCode);
}

TEST_CASE("in virtual-8086 mode INT n and IRET need IOPL 3") {
  M m;
  m.at_virtual8086(0);
  m.code({0xcd, 0x80});
  m.code({0xf4}, M::handler(13));
  m.interpreter.run(10);
  REQUIRE(m.cpu.state.eip == M::handler(13) + 1);
  REQUIRE(m.stacked(0) == 0);
  REQUIRE(m.stacked(1) == 0);

  M trusted;
  trusted.at_virtual8086(3);
  trusted.code({0xcd, 0x80});
  trusted.code({0xf4}, M::handler(0x80));
  trusted.interpreter.run(10);
  REQUIRE(trusted.cpu.state.eip == M::handler(0x80) + 1);
  REQUIRE(trusted.stacked(0) == 2);
}

TEST_CASE("SYSENTER and SYSEXIT switch to flat segments by convention") {
  M m;
  m.cpu.state.sysenter_cs = M::code_of(0);
  m.cpu.state.sysenter_esp = 0x9000;
  m.cpu.state.sysenter_eip = kThere;
  m.at_ring(3);
  m.code({0x0f, 0x34});
  m.code({0x0f, 0x35}, kThere);
  m.cpu.state.gpr[isa::kEdx] = 0x31000;
  m.cpu.state.gpr[isa::kEcx] = 0x8000;
  m.interpreter.run(1);
  REQUIRE(m.cpu.cpl == 0);
  REQUIRE(m.esp() == 0x9000);
  m.interpreter.run(1);
  REQUIRE(m.cpu.cpl == 3);
  REQUIRE(m.cpu.state.eip == 0x31000);
  REQUIRE(m.esp() == 0x8000);
  REQUIRE(m.cpu.state.segment[isa::kCs].selector == ((M::code_of(0) + 16) | 3));
}
