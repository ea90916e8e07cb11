// Far JMP and CALL (SDM 2A; SDM 3A, 5.8). Returns are in far_return.cpp.
#include "cpu/far_transfer.hpp"

#include "cpu/push_frame.hpp"
#include "cpu/task_switch.hpp"

namespace paemu {

namespace {

enum class Transfer : u8 { kJump, kCall };

// What a call leaves on the stack, and how wide.
struct Return {
  OperandSize size;
  u32 eip;
};

bool push_return(Cpu& cpu, PushFrame& frame, const Return& r) {
  return frame.push(cpu.state.segment[isa::kCs].selector, r.size) && frame.push(r.eip, r.size);
}

Outcome transfer_real(Cpu& cpu, Transfer kind, u16 selector, u32 offset, const Return& back) {
  PushFrame frame = PushFrame::current(cpu, 0);
  if (kind == Transfer::kCall && !frame.room(2, back.size)) return Outcome::kFault;
  // The new CS keeps the limit (real mode) or gets 64 KiB (virtual-8086).
  if (offset > cpu.state.segment[isa::kCs].limit) return cpu.general_protection(0);
  if (kind == Transfer::kCall && !(frame.writable(2, back.size) && push_return(cpu, frame, back))) {
    return Outcome::kFault;
  }
  cpu.state.gpr[isa::kEsp] = frame.pointer();
  set_code_segment_real(cpu, selector, offset);
  return Outcome::kBranch;
}

// Into `code` at the current privilege.
Outcome enter_same(Cpu& cpu, Transfer kind, u16 selector, Descriptor& code, u32 offset, const Return& back) {
  PushFrame frame = PushFrame::current(cpu, 0);
  const bool call = kind == Transfer::kCall;
  if (call && !frame.room(2, back.size)) return Outcome::kFault;
  if (offset > code.limit()) return cpu.general_protection(0);
  if (call && !frame.writable(2, back.size)) return Outcome::kFault;
  if (!mark_accessed(cpu, selector, code)) return Outcome::kFault;
  if (call && !push_return(cpu, frame, back)) return Outcome::kFault;
  cpu.state.gpr[isa::kEsp] = frame.pointer();
  cpu.state.segment[isa::kCs] = code.segment(static_cast<u16>((selector & ~3) | cpu.cpl));
  cpu.state.eip = offset;
  cpu.update_mode();
  return Outcome::kBranch;
}

// CALL through a gate to an inner privilege: new stack from the TSS, parameters copied (SDM 3A, 5.8.5).
Outcome call_inner(Cpu& cpu, u16 selector, Descriptor& code, u32 offset, u32 parameters, const Return& back) {
  CpuState& s = cpu.state;
  const u32 cpl = code.dpl();
  u16 ss;
  u32 esp;
  if (!read_tss_stack(cpu, cpl, ss, esp)) return Outcome::kFault;
  Descriptor stack;
  if (!check_stack_segment(cpu, ss, cpl, Vector::kInvalidTss, stack)) return Outcome::kFault;
  const u32 width = back.size == OperandSize::k32 ? 4 : 2;
  const u32 old_pointer = cpu.stack_pointer();
  PushFrame frame(cpu, stack.segment(ss), esp, cpl, selector_error(ss));
  if (!frame.room(4 + parameters, back.size)) return Outcome::kFault;
  if (offset > code.limit()) return cpu.general_protection(0);
  if (!frame.writable(4 + parameters, back.size)) return Outcome::kFault;
  if (!mark_accessed(cpu, selector, code) || !mark_accessed(cpu, ss, stack)) return Outcome::kFault;
  if (!frame.push(s.segment[isa::kSs].selector, back.size) || !frame.push(s.gpr[isa::kEsp], back.size)) {
    return Outcome::kFault;
  }
  for (u32 i = parameters; i-- > 0;) {
    u32 value = 0;
    const u32 from = (old_pointer + i * width) & cpu.stack_mask();
    if (width == 4) {
      if (!cpu.load(isa::kSs, from, value)) return Outcome::kFault;
    } else {
      u16 half;
      if (!cpu.load(isa::kSs, from, half)) return Outcome::kFault;
      value = half;
    }
    if (!frame.push(value, back.size)) return Outcome::kFault;
  }
  if (!push_return(cpu, frame, back)) return Outcome::kFault;

  s.segment[isa::kSs] = stack.segment(ss);
  s.gpr[isa::kEsp] = frame.pointer();
  s.segment[isa::kCs] = code.segment(static_cast<u16>((selector & ~3) | cpl));
  s.eip = offset;
  cpu.update_mode();
  return Outcome::kBranch;
}

Outcome through_call_gate(Cpu& cpu, Transfer kind, u16 gate_selector, const Descriptor& gate, u32 next_eip) {
  if (gate.dpl() < cpu.cpl || gate.dpl() < rpl_of(gate_selector)) {
    return cpu.general_protection(selector_error(gate_selector));
  }
  if (!gate.present()) return cpu.raise(Vector::kSegmentNotPresent, selector_error(gate_selector));
  const u16 selector = gate.gate_selector();
  if (null_selector(selector)) return cpu.general_protection(0);
  Descriptor code;
  if (!read_descriptor(cpu, selector, code, Vector::kGeneralProtection)) return Outcome::kFault;
  if (!code.code() || code.dpl() > cpu.cpl) return cpu.general_protection(selector_error(selector));
  if (kind == Transfer::kJump && !code.conforming() && code.dpl() != cpu.cpl) {
    return cpu.general_protection(selector_error(selector));
  }
  if (!code.present()) return cpu.raise(Vector::kSegmentNotPresent, selector_error(selector));

  const bool gate16 = gate.type() == system_type::kCallGate16;
  const Return back{gate16 ? OperandSize::k16 : OperandSize::k32, next_eip};
  const u32 offset = gate16 ? gate.gate_offset() & 0xffff : gate.gate_offset();
  if (kind == Transfer::kCall && !code.conforming() && code.dpl() < cpu.cpl) {
    return call_inner(cpu, selector, code, offset, gate.gate_parameters(), back);
  }
  return enter_same(cpu, kind, selector, code, offset, back);
}

Outcome to_task(Cpu& cpu, Transfer kind, u16 selector, const Descriptor& d, u32 next_eip) {
  if (d.dpl() < cpu.cpl || d.dpl() < rpl_of(selector)) return cpu.general_protection(selector_error(selector));
  const TaskSwitch how = kind == Transfer::kCall ? TaskSwitch::kCall : TaskSwitch::kJump;
  if (d.type() != system_type::kTaskGate) return switch_task(cpu, selector, how, next_eip);
  if (!d.present()) return cpu.raise(Vector::kSegmentNotPresent, selector_error(selector));
  return switch_task(cpu, d.gate_selector(), how, next_eip);
}

Outcome transfer_protected(Cpu& cpu, Transfer kind, u16 selector, u32 offset, const Return& back) {
  if (null_selector(selector)) return cpu.general_protection(0);
  Descriptor d;
  if (!read_descriptor(cpu, selector, d, Vector::kGeneralProtection)) return Outcome::kFault;
  const u32 error = selector_error(selector);
  if (d.code()) {
    const bool privileged = d.conforming() ? d.dpl() > cpu.cpl : rpl_of(selector) > cpu.cpl || d.dpl() != cpu.cpl;
    if (privileged) return cpu.general_protection(error);
    if (!d.present()) return cpu.raise(Vector::kSegmentNotPresent, error);
    return enter_same(cpu, kind, selector, d, offset, back);
  }
  if (d.data()) return cpu.general_protection(error);
  switch (d.type()) {
    case system_type::kCallGate16:
    case system_type::kCallGate32: return through_call_gate(cpu, kind, selector, d, back.eip);
    case system_type::kTaskGate:
    case system_type::kTss16Available:
    case system_type::kTss32Available: return to_task(cpu, kind, selector, d, back.eip);
    default: return cpu.general_protection(error);  // a busy TSS among them
  }
}

Outcome transfer(Cpu& cpu, Transfer kind, u16 selector, u32 offset, const Return& back) {
  if (cpu.protected_mode() && !cpu.virtual8086()) return transfer_protected(cpu, kind, selector, offset, back);
  return transfer_real(cpu, kind, selector, offset, back);
}

}  // namespace

void set_code_segment_real(Cpu& cpu, u16 selector, u32 eip) {
  load_segment_real(cpu, isa::kCs, selector);
  cpu.state.eip = eip;
  cpu.update_mode();
}

Outcome far_jump(Cpu& cpu, u16 selector, u32 offset, u32 next_eip) {
  return transfer(cpu, Transfer::kJump, selector, offset, Return{OperandSize::k32, next_eip});
}

Outcome far_call(Cpu& cpu, u16 selector, u32 offset, OperandSize size, u32 next_eip) {
  return transfer(cpu, Transfer::kCall, selector, offset, Return{size, next_eip});
}

}  // namespace paemu
