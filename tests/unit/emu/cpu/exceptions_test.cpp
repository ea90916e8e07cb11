#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;

void raise(M& m, Vector v, u32 error = 0, u32 address = 0) {
  m.cpu.fault = Fault{v, error, GuestLinear{address}};
  deliver_fault(m.cpu);
}

}  // namespace

TEST_CASE("a fault at the same privilege pushes on the current stack") {
  M m;
  m.cpu.state.eflags |= eflag::kInterrupt | eflag::kTrap | eflag::kNestedTask;
  m.cpu.adopt();
  raise(m, Vector::kGeneralProtection, 0x1234);
  REQUIRE(m.cpu.state.eip == M::handler(13));
  REQUIRE(m.esp() == M::stack_of(0) - 16);
  REQUIRE(m.stacked(0) == 0x1234);
  REQUIRE(m.stacked(1) == M::kCode);
  REQUIRE(m.stacked(2) == M::code_of(0));
  // RF is set in the image of a fault (SDM 3B, 17.3.1.1).
  REQUIRE(m.stacked(3) == (eflag::kAlwaysOne | eflag::kInterrupt | eflag::kTrap | eflag::kNestedTask | eflag::kResume));
  REQUIRE((m.cpu.flags() & (eflag::kInterrupt | eflag::kTrap | eflag::kNestedTask | eflag::kResume)) == 0);
}

TEST_CASE("a trap gate leaves the interrupt flag alone") {
  M m;
  m.gate(6, access::kTrapGate, M::code_of(0), M::handler(6), 0);
  m.cpu.state.eflags |= eflag::kInterrupt;
  m.cpu.adopt();
  raise(m, Vector::kInvalidOpcode);
  REQUIRE(m.cpu.state.eip == M::handler(6));
  REQUIRE((m.cpu.flags() & eflag::kInterrupt) != 0);
}

TEST_CASE("a fault in an outer ring switches to the stack of the handler's ring") {
  for (u32 from = 1; from < 4; ++from) {
    for (u32 to = 0; to < from; ++to) {
      if (to == 3) continue;
      M m;
      m.gate(14, access::kInterruptGate, M::code_of(to), M::handler(14), 0);
      m.at_ring(from);
      raise(m, Vector::kPageFault, 7, 0xcafe);
      INFO("from " << from << " to " << to);
      REQUIRE(m.cpu.state.eip == M::handler(14));
      REQUIRE(m.cpu.cpl == to);
      REQUIRE(m.cpu.state.segment[isa::kCs].selector == M::code_of(to));
      REQUIRE(m.cpu.state.segment[isa::kSs].selector == M::data_of(to));
      REQUIRE(m.esp() == M::stack_of(to) - 24);
      REQUIRE(m.stacked(0) == 7);
      REQUIRE(m.stacked(1) == M::kCode);
      REQUIRE(m.stacked(2) == M::code_of(from));
      REQUIRE(m.stacked(4) == M::stack_of(from));
      REQUIRE(m.stacked(5) == M::data_of(from));
      REQUIRE(m.cpu.state.cr2 == 0xcafe);
    }
  }
}

TEST_CASE("a handler in a conforming segment runs at the interrupted privilege") {
  M m;
  m.descriptor(M::kFree, 0, 0xfffff, access::kConforming, 0);
  m.gate(6, access::kInterruptGate, M::kFree, M::handler(6), 0);
  m.at_ring(3);
  raise(m, Vector::kInvalidOpcode);
  REQUIRE(m.cpu.state.eip == M::handler(6));
  REQUIRE(m.cpu.cpl == 3);
  REQUIRE(m.cpu.state.segment[isa::kCs].selector == (M::kFree | 3));
}

TEST_CASE("INT n needs a gate that its ring may use, and says which gate with EXT clear") {
  M m;
  m.at_ring(3);
  REQUIRE(software_interrupt(m.cpu, 0x80, InterruptSource::kSoftware, M::kCode + 2) == Outcome::kBranch);
  REQUIRE(m.cpu.state.eip == M::handler(0x80));
  REQUIRE(m.stacked(0) == M::kCode + 2);

  M refused;
  refused.at_ring(3);
  REQUIRE(software_interrupt(refused.cpu, 0x81, InterruptSource::kSoftware, M::kCode + 2) == Outcome::kFault);
  refused.require_fault(Vector::kGeneralProtection, 0x81 * 8 + 2);
  REQUIRE(software_interrupt(refused.cpu, 0x81, InterruptSource::kIcebp, M::kCode + 1) == Outcome::kBranch);
}

TEST_CASE("gates that are missing, absent or of a wrong type are refused with their index") {
  M m;
  m.cpu.state.idtr.limit = 0x3ff;
  REQUIRE(software_interrupt(m.cpu, 0x80, InterruptSource::kSoftware, 0) == Outcome::kFault);
  m.require_fault(Vector::kGeneralProtection, 0x402);
  m.cpu.state.idtr.limit = 0x7ff;
  m.gate(0x80, access::kInterruptGate & 0x7f, M::code_of(0), 0, 3);
  REQUIRE(software_interrupt(m.cpu, 0x80, InterruptSource::kSoftware, 0) == Outcome::kFault);
  m.require_fault(Vector::kSegmentNotPresent, 0x402);
  m.gate(0x80, access::kCallGate, M::code_of(0), 0, 3);
  REQUIRE(software_interrupt(m.cpu, 0x80, InterruptSource::kSoftware, 0) == Outcome::kFault);
  m.require_fault(Vector::kGeneralProtection, 0x402);
}

TEST_CASE("two contributory faults make a double fault with error code zero") {
  M m;
  m.gate(13, access::kInterruptGate & 0x7f, M::code_of(0), 0, 0);  // delivering #GP raises #NP
  raise(m, Vector::kGeneralProtection, 0x50);
  REQUIRE(m.cpu.state.eip == M::handler(8));
  REQUIRE(m.stacked(0) == 0);
  REQUIRE(m.stacked(1) == M::kCode);
}

TEST_CASE("a benign exception whose delivery faults gives the second fault, with EXT set") {
  M m;
  m.gate(6, access::kInterruptGate & 0x7f, M::code_of(0), 0, 0);
  raise(m, Vector::kInvalidOpcode);
  REQUIRE(m.cpu.state.eip == M::handler(11));
  REQUIRE(m.stacked(0) == 6 * 8 + 2 + 1);
}

TEST_CASE("a fault while delivering a double fault shuts the processor down") {
  M m;
  m.cpu.state.idtr.limit = 0;
  raise(m, Vector::kGeneralProtection, 0);
  REQUIRE(m.cpu.state.activity == Activity::kShutdown);
}

TEST_CASE("an alignment check whose delivery is misaligned too only uses up time") {
  M m;
  m.descriptor(M::kFree, 0, 0xfffff, access::kConforming, 0);
  m.gate(17, access::kInterruptGate, M::kFree, M::handler(17), 0);  // runs at ring 3, on the misaligned stack
  m.code({0xa1, 0x01, 0x60, 0, 0});                                 // mov eax,[6001]
  m.at_ring(3);
  m.cpu.state.cr0 |= cr0::kAlignmentMask;
  m.cpu.state.eflags |= eflag::kAlignmentCheck;
  m.esp() -= 1;
  m.cpu.adopt();
  m.interpreter.run(1000);
  REQUIRE(m.clock.retired == 1000);
  REQUIRE(m.cpu.state.eip == M::kCode);
}

TEST_CASE("a bad ring stack in the TSS is an invalid-TSS fault that names the stack's selector") {
  M m;
  m.put(M::kTss + 8, M::data_of(1));
  m.gate(10, access::kTaskGate, M::kOtherTssSelector, 0, 0);  // so that #TS itself does not need the bad stack
  m.gate(6, access::kInterruptGate, M::code_of(0), M::handler(6), 3);
  m.at_ring(3);
  REQUIRE(software_interrupt(m.cpu, 6, InterruptSource::kSoftware, 0) == Outcome::kFault);
  m.require_fault(Vector::kInvalidTss, M::data_of(1) & 0xfffc);
}

TEST_CASE("real mode pushes three words and goes through the vector table") {
  M m;
  m.cpu.state.cr0 &= ~cr0::kProtection;
  m.cpu.state.idtr = DescriptorTable{0x8000, 0x3ff};
  m.put(0x8000 + 0x21 * 4, 0xf0001234);
  load_segment_real(m.cpu, isa::kSs, 0x5000);
  set_code_segment_real(m.cpu, 0x1000, 0x42);
  m.cpu.state.segment[isa::kSs].attributes &= static_cast<u16>(~segment_attribute::kDefaultBig);
  m.cpu.state.gpr[isa::kEsp] = 0x12340100;
  m.cpu.state.eflags |= eflag::kInterrupt;
  m.cpu.adopt();
  REQUIRE(software_interrupt(m.cpu, 0x21, InterruptSource::kSoftware, 0x44) == Outcome::kBranch);
  REQUIRE(m.cpu.state.segment[isa::kCs].base == 0xf0000);
  REQUIRE(m.cpu.state.eip == 0x1234);
  REQUIRE(m.esp() == 0x123400fa);
  REQUIRE(m.get16(0x500fa) == 0x44);
  REQUIRE(m.get16(0x500fc) == 0x1000);
  REQUIRE((m.get16(0x500fe) & eflag::kInterrupt) != 0);
  REQUIRE((m.cpu.flags() & eflag::kInterrupt) == 0);
}

TEST_CASE("an interrupt from virtual-8086 mode saves and nulls the data segments") {
  M m;
  m.at_virtual8086(0);
  raise(m, Vector::kGeneralProtection, 0);
  REQUIRE(m.cpu.cpl == 0);
  REQUIRE_FALSE(m.cpu.virtual8086());
  REQUIRE(m.esp() == M::stack_of(0) - 40);
  REQUIRE(m.stacked(1) == 0);
  REQUIRE(m.stacked(2) == M::kCode >> 4);
  REQUIRE((m.stacked(3) & eflag::kVirtual8086) != 0);
  REQUIRE(m.stacked(4) == 0x1000);
  REQUIRE(m.stacked(5) == 0x4000);
  REQUIRE(m.stacked(6) == 0x4000);  // ES, DS, FS, GS
  REQUIRE(m.stacked(7) == 0x4003);
  REQUIRE(m.stacked(8) == 0x4004);
  REQUIRE(m.stacked(9) == 0x4005);
  REQUIRE(m.cpu.state.segment[isa::kDs].selector == 0);
  REQUIRE(m.cpu.state.segment[isa::kGs].attributes == 0);
  // And back.
  m.esp() += 4;
  REQUIRE(interrupt_return(m.cpu, OperandSize::k32, 0) == Outcome::kBranch);
  REQUIRE(m.cpu.virtual8086());
  REQUIRE(m.cpu.cpl == 3);
  REQUIRE(m.cpu.state.segment[isa::kGs].base == 0x40050);
  REQUIRE(m.cpu.state.segment[isa::kCs].base == M::kCode);
  REQUIRE(m.esp() == 0x1000);
}

TEST_CASE("a maskable interrupt waits for IF and for the end of a shadow") {
  M m;
  m.interrupts.pending = true;
  REQUIRE_FALSE(take_event(m.cpu));
  m.cpu.state.eflags |= eflag::kInterrupt;
  m.cpu.state.shadow = Shadow::kInterrupts;
  REQUIRE_FALSE(take_event(m.cpu));
  m.cpu.state.shadow = Shadow::kNone;
  REQUIRE(take_event(m.cpu));
  REQUIRE(m.cpu.state.eip == M::handler(0x20));
  REQUIRE_FALSE(m.interrupts.pending);
}

TEST_CASE("a second NMI waits for IRET") {
  M m;
  request_nmi(m.cpu);
  REQUIRE(take_event(m.cpu));
  REQUIRE(m.cpu.state.eip == M::handler(2));
  request_nmi(m.cpu);
  REQUIRE_FALSE(take_event(m.cpu));
  REQUIRE(interrupt_return(m.cpu, OperandSize::k32, 0) == Outcome::kBranch);
  REQUIRE(m.cpu.state.eip == M::kCode);
  REQUIRE(take_event(m.cpu));
}

TEST_CASE("an interrupt wakes a halted processor and returns behind the HLT") {
  M m;
  m.code({0xfb, 0xf4, 0x90});  // sti; hlt; nop
  m.interpreter.run(10);
  REQUIRE(m.cpu.state.activity == Activity::kHalted);
  REQUIRE(m.clock.retired == 2);
  m.interrupts.pending = true;
  m.interpreter.run(1);
  REQUIRE(m.stacked(0) == M::kCode + 2);
}

TEST_CASE("STI holds interrupts off for one instruction") {
  M m;
  m.code({0xfb, 0x40, 0x40});  // sti; inc eax; inc eax
  m.interrupts.pending = true;
  m.interpreter.run(3);
  REQUIRE(m.cpu.state.eip == M::handler(0x20));
  REQUIRE(m.stacked(0) == M::kCode + 2);
  REQUIRE(m.cpu.state.gpr[isa::kEax] == 1);
}
