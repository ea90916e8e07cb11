// CLI, STI, PUSHF, POPF (SDM 2), with the virtual interrupt flag of VME and PVI.
#include "cpu/cpu.hpp"
#include "cpu/operand_size.hpp"
#include "cpu/semantics.hpp"
#include "cpu/virtual8086.hpp"

namespace paemu {

namespace {

// May CLI, STI and POPF touch IF? In virtual-8086 mode CPL is 3, so it takes IOPL 3.
bool may_change_if(const Cpu& cpu) { return !cpu.protected_mode() || cpu.cpl <= cpu.iopl(); }

bool changes_vif(const Cpu& cpu) { return virtual_flag_in_virtual8086(cpu) || virtual_flag_in_protected_mode(cpu); }

// PUSHF and POPF in virtual-8086 mode below IOPL 3.
enum class FlagImage : u8 {
  kReal,     // the flags as they are
  kOfTask,   // VIF for IF
  kRefused,  // #GP(0)
};
FlagImage flag_image(const Cpu& cpu, const Insn& i) {
  if (!cpu.virtual8086() || cpu.iopl() == 3) return FlagImage::kReal;
  return operand16(i) && virtual_flag_in_virtual8086(cpu) ? FlagImage::kOfTask : FlagImage::kRefused;
}

}  // namespace

Outcome sem_cli(Cpu& cpu, const Insn&) {
  if (may_change_if(cpu)) {
    cpu.state.eflags &= ~eflag::kInterrupt;
  } else if (changes_vif(cpu)) {
    cpu.state.eflags &= ~eflag::kVirtualInterrupt;
  } else {
    return cpu.general_protection(0);
  }
  return Outcome::kNext;
}

Outcome sem_sti(Cpu& cpu, const Insn&) {
  CpuState& s = cpu.state;
  if (!may_change_if(cpu)) {
    if (!changes_vif(cpu) || (s.eflags & eflag::kVirtualInterruptPending)) return cpu.general_protection(0);
    s.eflags |= eflag::kVirtualInterrupt;
    return Outcome::kEnd;
  }
  if (!(s.eflags & eflag::kInterrupt)) {
    s.eflags |= eflag::kInterrupt;
    s.shadow = Shadow::kInterrupts;
    cpu.request_attention();
  }
  return Outcome::kEnd;
}

Outcome sem_pushf(Cpu& cpu, const Insn& i) {
  const FlagImage kind = flag_image(cpu, i);
  if (kind == FlagImage::kRefused) return cpu.general_protection(0);
  const u32 image =
      kind == FlagImage::kOfTask ? flags_shown_to_task(cpu) : cpu.flags() & ~(eflag::kVirtual8086 | eflag::kResume);
  const bool ok = operand16(i) ? cpu.push<u16>(static_cast<u16>(image)) : cpu.push<u32>(image);
  return ok ? Outcome::kNext : Outcome::kFault;
}

Outcome sem_popf(Cpu& cpu, const Insn& i) {
  const FlagImage kind = flag_image(cpu, i);
  if (kind == FlagImage::kRefused) return cpu.general_protection(0);
  const u32 esp = cpu.state.gpr[isa::kEsp];
  u32 image;
  if (operand16(i)) {
    u16 low;
    if (!cpu.pop(low)) return Outcome::kFault;
    image = low;
  } else if (!cpu.pop(image)) {
    return Outcome::kFault;
  }
  if (kind == FlagImage::kOfTask) {
    if (set_flags_of_task(cpu, image)) return Outcome::kEnd;
    cpu.state.gpr[isa::kEsp] = esp;
    return Outcome::kFault;
  }
  u32 mask = eflag::kArithmetic | eflag::kTrap | eflag::kDirection | eflag::kNestedTask;
  if (!operand16(i)) mask |= eflag::kAlignmentCheck | eflag::kId;
  if (may_change_if(cpu)) mask |= eflag::kInterrupt;
  if (cpu.cpl == 0) mask |= eflag::kIopl;
  const u32 old = cpu.flags();
  const u32 now = (old & ~(mask | eflag::kResume)) | (image & mask);
  cpu.set_flags(now);
  const u32 changed = old ^ now;
  if (changed & eflag::kAlignmentCheck) cpu.update_mode();
  if (changed & (eflag::kInterrupt | eflag::kTrap)) cpu.request_attention();
  return Outcome::kEnd;
}

}  // namespace paemu
