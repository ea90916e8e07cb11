// Delivery of one interrupt or exception through the vector table or the IDT (SDM 3A, 6.10 to 6.13; SDM 2A, INT n).
#include "cpu/interrupt_delivery.hpp"

#include "cpu/push_frame.hpp"
#include "cpu/task_switch.hpp"

namespace paemu {

namespace {

using namespace segment_attribute;

bool fail(Cpu& cpu, Vector v, u32 error_code) {
  cpu.raise(v, error_code);
  return false;
}

// Only what a program asks for itself leaves EXT clear (SDM 3A, 6.13).
Ext ext_of(const Delivery& e) { return e.source == InterruptSource::kSoftware ? Ext::kClear : Ext::kSet; }

u32 pushed_flags(const Cpu& cpu, const Delivery& e) {
  return cpu.flags() | (e.resume == ResumeFlag::kSet ? eflag::kResume : 0);
}

// SDM 3A, 20.1.4: the real-mode vector table.
bool deliver_real(Cpu& cpu, const Delivery& e) {
  const u32 at = u32{e.vector} * 4;
  if (at + 3 > cpu.state.idtr.limit) return fail(cpu, Vector::kGeneralProtection, 0);
  u32 pointer;
  if (!cpu.load_linear(cpu.state.idtr.base + at, pointer)) return false;
  PushFrame frame = PushFrame::current(cpu, 0);
  if (!frame.room(3, OperandSize::k16) || !frame.writable(3, OperandSize::k16) ||
      !frame.push(cpu.flags(), OperandSize::k16) ||
      !frame.push(cpu.state.segment[isa::kCs].selector, OperandSize::k16) ||
      !frame.push(e.return_eip, OperandSize::k16)) {
    return false;
  }
  cpu.state.gpr[isa::kEsp] = frame.pointer();
  cpu.state.eflags &= ~(eflag::kInterrupt | eflag::kTrap | eflag::kAlignmentCheck | eflag::kResume);
  set_code_segment_real(cpu, static_cast<u16>(pointer >> 16), pointer & 0xffff);
  return true;
}

struct Gate {
  Descriptor descriptor;
  OperandSize size;
  bool clears_if;  // an interrupt gate, not a trap gate
};

// The code segment of a gate, checked; its selector's RPL does not count.
bool check_target(Cpu& cpu, u16 selector, Ext ext, Descriptor& code) {
  if (null_selector(selector)) return fail(cpu, Vector::kGeneralProtection, static_cast<u32>(ext));
  if (!read_descriptor(cpu, selector, code, Vector::kGeneralProtection, ext)) return false;
  const u32 error = selector_error(selector, ext);
  if (!code.code() || code.dpl() > cpu.cpl) return fail(cpu, Vector::kGeneralProtection, error);
  if (!code.present()) return fail(cpu, Vector::kSegmentNotPresent, error);
  return true;
}

bool push_error(PushFrame& frame, const Delivery& e, OperandSize size) {
  return !e.has_error_code || frame.push(e.error_code, size);
}

bool push_return(Cpu& cpu, PushFrame& frame, const Delivery& e, OperandSize size) {
  return frame.push(pushed_flags(cpu, e), size) && frame.push(cpu.state.segment[isa::kCs].selector, size) &&
         frame.push(e.return_eip, size) && push_error(frame, e, size);
}

void enter(Cpu& cpu, const Gate& gate, u16 selector, const Descriptor& code, u32 cpl, u32 offset) {
  cpu.state.segment[isa::kCs] = code.segment(static_cast<u16>((selector & ~3) | cpl));
  cpu.state.eip = offset;
  u32 cleared = eflag::kTrap | eflag::kNestedTask | eflag::kVirtual8086 | eflag::kResume;
  if (gate.clears_if) cleared |= eflag::kInterrupt;
  cpu.state.eflags &= ~cleared;
  cpu.update_mode();
}

// To a handler at the same privilege: on the current stack.
bool deliver_same(Cpu& cpu, const Delivery& e, const Gate& gate, u16 selector, Descriptor& code, u32 offset) {
  const Ext ext = ext_of(e);
  PushFrame frame = PushFrame::current(cpu, static_cast<u32>(ext));
  const u32 count = 3 + (e.has_error_code ? 1 : 0);
  if (!frame.room(count, gate.size)) return false;
  if (offset > code.limit()) return fail(cpu, Vector::kGeneralProtection, static_cast<u32>(ext));
  if (!frame.writable(count, gate.size) || !mark_accessed(cpu, selector, code)) return false;
  if (!push_return(cpu, frame, e, gate.size)) return false;
  cpu.state.gpr[isa::kEsp] = frame.pointer();
  enter(cpu, gate, selector, code, cpu.cpl, offset);
  return true;
}

// To an inner privilege: on the stack that the TSS names. From virtual-8086 mode the data segments are saved as well
// (SDM 3A, 20.3.1).
bool deliver_inner(Cpu& cpu, const Delivery& e, const Gate& gate, u16 selector, Descriptor& code, u32 offset) {
  const Ext ext = ext_of(e);
  const u32 cpl = code.dpl();
  u16 ss;
  u32 esp;
  if (!read_tss_stack(cpu, cpl, ss, esp, ext)) return false;
  Descriptor stack;
  if (!check_stack_segment(cpu, ss, cpl, Vector::kInvalidTss, stack, ext)) return false;

  CpuState& s = cpu.state;
  const bool from_virtual = cpu.virtual8086();
  PushFrame frame(cpu, stack.segment(ss), esp, cpl, selector_error(ss, ext));
  const u32 count = 5 + (e.has_error_code ? 1 : 0) + (from_virtual ? 4 : 0);
  if (!frame.room(count, gate.size)) return false;
  if (offset > code.limit()) return fail(cpu, Vector::kGeneralProtection, static_cast<u32>(ext));
  if (!frame.writable(count, gate.size) || !mark_accessed(cpu, selector, code) || !mark_accessed(cpu, ss, stack)) {
    return false;
  }
  if (from_virtual) {
    for (const isa::SegmentRegister r : {isa::kGs, isa::kFs, isa::kDs, isa::kEs}) {
      if (!frame.push(s.segment[r].selector, gate.size)) return false;
    }
  }
  if (!frame.push(s.segment[isa::kSs].selector, gate.size) || !frame.push(s.gpr[isa::kEsp], gate.size) ||
      !push_return(cpu, frame, e, gate.size)) {
    return false;
  }
  if (from_virtual) {
    for (const isa::SegmentRegister r : {isa::kGs, isa::kFs, isa::kDs, isa::kEs}) s.segment[r] = Segment{};
  }
  s.segment[isa::kSs] = stack.segment(ss);
  s.gpr[isa::kEsp] = frame.pointer();
  enter(cpu, gate, selector, code, cpl, offset);
  return true;
}

bool deliver_gate(Cpu& cpu, const Delivery& e, const Gate& gate) {
  const u16 selector = gate.descriptor.gate_selector();
  const Ext ext = ext_of(e);
  Descriptor code;
  if (!check_target(cpu, selector, ext, code)) return false;
  u32 offset = gate.descriptor.gate_offset();
  if (gate.size == OperandSize::k16) offset &= 0xffff;

  const u32 error = selector_error(selector, ext);
  if (!code.conforming() && code.dpl() < cpu.cpl) {
    // Out of virtual-8086 mode only to ring 0 (SDM 3A, 20.3.1).
    if (cpu.virtual8086() && code.dpl() != 0) return fail(cpu, Vector::kGeneralProtection, error);
    return deliver_inner(cpu, e, gate, selector, code, offset);
  }
  if (cpu.virtual8086()) return fail(cpu, Vector::kGeneralProtection, error);
  return deliver_same(cpu, e, gate, selector, code, offset);
}

}  // namespace

bool deliver(Cpu& cpu, const Delivery& e) {
  cpu.disarm_monitor();  // MWAIT is not to wait: a handler may write to the line (SDM 3A, 8.10.4)
  if (!cpu.protected_mode()) return deliver_real(cpu, e);

  const u32 error = u32{e.vector} * 8 + 2 + static_cast<u32>(ext_of(e));
  if (u32{e.vector} * 8 + 7 > cpu.state.idtr.limit) return fail(cpu, Vector::kGeneralProtection, error);
  u64 raw;
  if (!cpu.load_linear(cpu.state.idtr.base + u32{e.vector} * 8, raw)) return false;
  Gate gate{Descriptor{static_cast<u32>(raw), static_cast<u32>(raw >> 32)}, OperandSize::k32, false};
  const Descriptor& d = gate.descriptor;

  const u32 type = d.type();
  const bool gate32 = type == system_type::kInterruptGate32 || type == system_type::kTrapGate32;
  const bool gate16 = type == system_type::kInterruptGate16 || type == system_type::kTrapGate16;
  if (!d.system() || !(gate32 || gate16 || type == system_type::kTaskGate)) {
    return fail(cpu, Vector::kGeneralProtection, error);
  }
  if (e.source == InterruptSource::kSoftware && d.dpl() < cpu.cpl) return fail(cpu, Vector::kGeneralProtection, error);
  if (!d.present()) return fail(cpu, Vector::kSegmentNotPresent, error);

  if (type == system_type::kTaskGate) {
    const TaskInterrupt interrupt{pushed_flags(cpu, e), e.has_error_code, e.error_code, ext_of(e)};
    return switch_task(cpu, d.gate_selector(), TaskSwitch::kCall, e.return_eip, &interrupt) != Outcome::kFault;
  }
  gate.size = gate32 ? OperandSize::k32 : OperandSize::k16;
  gate.clears_if = type == system_type::kInterruptGate32 || type == system_type::kInterruptGate16;
  return deliver_gate(cpu, e, gate);
}

}  // namespace paemu
