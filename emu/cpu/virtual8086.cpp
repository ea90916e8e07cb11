#include "cpu/virtual8086.hpp"

#include "cpu/cpu.hpp"
#include "cpu/push_frame.hpp"
#include "cpu/task_switch.hpp"

namespace paemu {

bool virtual_flag_in_virtual8086(const Cpu& cpu) {
  return cpu.virtual8086() && (cpu.state.cr4 & cr4::kVme) && cpu.iopl() < 3;
}

bool virtual_flag_in_protected_mode(const Cpu& cpu) {
  return cpu.protected_mode() && !cpu.virtual8086() && (cpu.state.cr4 & cr4::kPvi) && cpu.cpl == 3 && cpu.iopl() < 3;
}

bool virtual_interrupt_due(const Cpu& cpu) {
  constexpr u32 kBoth = eflag::kVirtualInterrupt | eflag::kVirtualInterruptPending;
  return (cpu.state.eflags & kBoth) == kBoth &&
         (virtual_flag_in_virtual8086(cpu) || virtual_flag_in_protected_mode(cpu));
}

u32 flags_shown_to_task(const Cpu& cpu) {
  u32 flags = (cpu.flags() | eflag::kIopl) & ~eflag::kInterrupt;
  if (cpu.state.eflags & eflag::kVirtualInterrupt) flags |= eflag::kInterrupt;
  return flags;
}

bool set_flags_of_task(Cpu& cpu, u32 flags) {
  const bool enables = flags & eflag::kInterrupt;
  // An interrupt waits for the task to enable it, or the task wants to single-step: for the monitor (SDM 2B, POPF).
  if ((enables && (cpu.state.eflags & eflag::kVirtualInterruptPending)) || (flags & eflag::kTrap)) {
    cpu.general_protection(0);
    return false;
  }
  constexpr u32 kChanged = eflag::kArithmetic | eflag::kTrap | eflag::kDirection | eflag::kNestedTask;
  u32 now = (cpu.flags() & ~(kChanged | eflag::kVirtualInterrupt | eflag::kResume)) | (flags & kChanged);
  if (enables) now |= eflag::kVirtualInterrupt;
  cpu.set_flags(now);
  return true;
}

Outcome redirect_interrupt(Cpu& cpu, u8 vector, u32 next_eip) {
  if (!(cpu.state.cr4 & cr4::kVme)) {
    return cpu.iopl() == 3 ? Outcome::kNext : cpu.general_protection(0);  // methods 1 and 2
  }
  bool through_idt;
  if (!read_redirection_bit(cpu, vector, through_idt)) return Outcome::kFault;
  if (through_idt) return cpu.iopl() == 3 ? Outcome::kNext : cpu.general_protection(0);  // methods 4 and 3

  // Methods 5 and 6: as in real mode, through the vector table at the task's linear address 0.
  u32 pointer;
  if (!cpu.load_linear(u32{vector} * 4, pointer)) return Outcome::kFault;
  const bool own_flag = cpu.iopl() == 3;
  const u32 flags = own_flag ? cpu.flags() : flags_shown_to_task(cpu);
  PushFrame frame = PushFrame::current(cpu, 0);
  if (!frame.room(3, OperandSize::k16) || !frame.writable(3, OperandSize::k16) ||
      !frame.push(flags, OperandSize::k16) || !frame.push(cpu.state.segment[isa::kCs].selector, OperandSize::k16) ||
      !frame.push(next_eip, OperandSize::k16)) {
    return Outcome::kFault;
  }
  cpu.state.gpr[isa::kEsp] = frame.pointer();
  cpu.state.eflags &= ~(eflag::kTrap | (own_flag ? eflag::kInterrupt : eflag::kVirtualInterrupt));
  cpu.debug_hits &= ~debug::kSingleStep;  // as with every INT n, TF is gone before the step ends
  set_code_segment_real(cpu, static_cast<u16>(pointer >> 16), pointer & 0xffff);
  return Outcome::kBranch;
}

}  // namespace paemu
