#include "system_machine.hpp"

using namespace paemu;
using namespace paemu::testing;

namespace {

using M = SystemMachine;
constexpr u32 kThere = 0x30000;

void fill_other(M& m, u32 ring = 0, u32 flags = eflag::kAlwaysOne) {
  const u32 t = M::kOtherTss;
  m.put(t + 0x20, kThere);
  m.put(t + 0x24, flags);
  for (u32 i = 0; i < 8; ++i) m.put(t + 0x28 + 4 * i, 0x1000 + i);
  m.put(t + 0x38, 0x9000);  // ESP
  for (u32 i = 0; i < 6; ++i) m.put(t + 0x48 + 4 * i, i == isa::kCs ? M::code_of(ring) : M::data_of(ring));
  m.put(t + 0x60, 0);
}

bool busy(M& m, u16 selector) { return m.get(M::kGdt + selector + 4) & 0x200; }

}  // namespace

TEST_CASE("a jump to a TSS saves the old task and takes the registers of the new one") {
  M m;
  fill_other(m);
  m.put(M::kGdt + M::kTssSelector + 4, m.get(M::kGdt + M::kTssSelector + 4) | 0x200);
  m.cpu.state.gpr[isa::kEbx] = 0xbbbb;
  REQUIRE(far_jump(m.cpu, M::kOtherTssSelector, 0, M::kCode + 7) == Outcome::kBranch);
  REQUIRE(m.cpu.state.eip == kThere);
  REQUIRE(m.cpu.state.gpr[isa::kEax] == 0x1000);
  REQUIRE(m.esp() == 0x9000);
  REQUIRE(m.cpu.state.tr.selector == M::kOtherTssSelector);
  REQUIRE((m.cpu.state.cr0 & cr0::kTaskSwitched) != 0);
  REQUIRE(m.get(M::kTss + 0x20) == M::kCode + 7);
  REQUIRE(m.get(M::kTss + 0x34) == 0xbbbb);
  REQUIRE_FALSE(busy(m, M::kTssSelector));
  REQUIRE(busy(m, M::kOtherTssSelector));
}

TEST_CASE("a call to a task nests and IRET returns from it") {
  M m;
  fill_other(m);
  m.put(M::kGdt + M::kTssSelector + 4, m.get(M::kGdt + M::kTssSelector + 4) | 0x200);
  REQUIRE(far_call(m.cpu, M::kOtherTssSelector, 0, OperandSize::k32, M::kCode + 7) == Outcome::kBranch);
  REQUIRE((m.cpu.flags() & eflag::kNestedTask) != 0);
  REQUIRE(m.get16(M::kOtherTss) == M::kTssSelector);
  REQUIRE(busy(m, M::kTssSelector));
  REQUIRE(interrupt_return(m.cpu, OperandSize::k32, kThere + 1) == Outcome::kBranch);
  REQUIRE(m.cpu.state.eip == M::kCode + 7);
  REQUIRE(m.cpu.state.tr.selector == M::kTssSelector);
  REQUIRE_FALSE(busy(m, M::kOtherTssSelector));
  REQUIRE((m.get(M::kOtherTss + 0x24) & eflag::kNestedTask) == 0);
  REQUIRE(m.get(M::kOtherTss + 0x20) == kThere + 1);
}

TEST_CASE("a double fault through a task gate reaches its task with the error code on its stack") {
  M m;
  fill_other(m);
  m.gate(8, access::kTaskGate, M::kOtherTssSelector, 0, 0);
  m.esp() = 0;  // no stack to deliver anything on
  m.cpu.state.segment[isa::kSs].limit = 0xfff;
  m.cpu.adopt();
  m.cpu.fault = Fault{Vector::kStackFault, 0, GuestLinear{}};
  deliver_fault(m.cpu);
  REQUIRE(m.cpu.state.eip == kThere);
  REQUIRE(m.esp() == 0x9000 - 4);
  REQUIRE(m.stacked(0) == 0);
}

TEST_CASE("busy, short and absent task segments are refused before anything changes") {
  M m;
  fill_other(m);
  m.descriptor(M::kOtherTssSelector, M::kOtherTss, 0x66, access::kTss, 0, 0);
  REQUIRE(far_jump(m.cpu, M::kOtherTssSelector, 0, 0) == Outcome::kFault);
  m.require_fault(Vector::kInvalidTss, M::kOtherTssSelector);
  m.descriptor(M::kOtherTssSelector, M::kOtherTss, 0x67, access::kTss | 2, 0, 0);
  REQUIRE(far_jump(m.cpu, M::kOtherTssSelector, 0, 0) == Outcome::kFault);
  m.require_fault(Vector::kGeneralProtection, M::kOtherTssSelector);
  m.descriptor(M::kOtherTssSelector, M::kOtherTss, 0x67, access::kTss & 0x7f, 0, 0);
  REQUIRE(far_jump(m.cpu, M::kOtherTssSelector, 0, 0) == Outcome::kFault);
  m.require_fault(Vector::kSegmentNotPresent, M::kOtherTssSelector);
  REQUIRE(m.cpu.state.tr.selector == M::kTssSelector);
  REQUIRE(m.cpu.state.eip == M::kCode);
}

TEST_CASE("a bad segment in the new task is an invalid-TSS fault of the new task") {
  M m;
  fill_other(m);
  m.put(M::kOtherTss + 0x50, M::data_of(3));  // SS of the wrong ring
  REQUIRE(far_jump(m.cpu, M::kOtherTssSelector, 0, 0) == Outcome::kFault);
  m.require_fault(Vector::kInvalidTss, M::data_of(3) & 0xfffc);
  REQUIRE(m.cpu.state.tr.selector == M::kOtherTssSelector);
  REQUIRE(m.cpu.state.eip == kThere);
}

TEST_CASE("a task may start in virtual-8086 mode") {
  M m;
  fill_other(m, 0, eflag::kAlwaysOne | eflag::kVirtual8086);
  m.put(M::kOtherTss + 0x4c, 0x2000);
  m.put(M::kOtherTss + 0x20, 0x100);
  REQUIRE(far_jump(m.cpu, M::kOtherTssSelector, 0, 0) == Outcome::kBranch);
  REQUIRE(m.cpu.virtual8086());
  REQUIRE(m.cpu.cpl == 3);
  REQUIRE(m.cpu.state.segment[isa::kCs].base == 0x20000);
}

TEST_CASE("the I/O bitmap decides for rings beyond IOPL") {
  M m;
  m.at_ring(3);
  REQUIRE_FALSE(check_io_permission(m.cpu, 0x60, 1));
  m.require_fault(Vector::kGeneralProtection, 0);
  m.put(M::kTss + 0x68 + 0xc, ~1u);  // port 0x60 alone
  REQUIRE(check_io_permission(m.cpu, 0x60, 1));
  REQUIRE_FALSE(check_io_permission(m.cpu, 0x60, 2));
  REQUIRE_FALSE(check_io_permission(m.cpu, 0x61, 1));
  REQUIRE_FALSE(check_io_permission(m.cpu, 0xffff, 1));  // beyond the TSS limit
  m.cpu.state.eflags |= eflag::kIopl;
  m.cpu.adopt();
  REQUIRE(check_io_permission(m.cpu, 0x61, 1));
  // Virtual-8086 mode asks the bitmap whatever IOPL is.
  m.at_virtual8086(3);
  REQUIRE_FALSE(check_io_permission(m.cpu, 0x61, 1));
  REQUIRE(check_io_permission(m.cpu, 0x60, 1));
}
