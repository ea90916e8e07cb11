// MOV, PUSH, POP of segment registers, LDS and its kin, and the instructions that transfer far (SDM 2).
#include <cstring>

#include "cpu/cpu.hpp"
#include "cpu/exceptions.hpp"
#include "cpu/far_transfer.hpp"
#include "cpu/operand_size.hpp"
#include "cpu/segmentation.hpp"
#include "cpu/system.hpp"
#include "cpu/virtual8086.hpp"

namespace paemu {

namespace {

OperandSize size_of(const Insn& i) { return operand16(i) ? OperandSize::k16 : OperandSize::k32; }

Outcome load(Cpu& cpu, isa::SegmentRegister which, u16 selector) {
  if (!load_segment(cpu, which, selector)) return Outcome::kFault;
  if (which == isa::kSs) {
    // Interrupts wait for the instruction after, which is to load ESP. Of several in a row only the first holds them
    // off (SDM 2B, MOV), so that a guest can't keep them out for ever.
    if (!cpu.after_stack_load) cpu.state.shadow = Shadow::kAll;
    cpu.request_attention();
  }
  return Outcome::kEnd;
}

// A far pointer in memory: offset first, selector behind it. Of 16:16 each half is an operand of its own (SDM 3A, table
// 6-7: alignment 2).
bool read_far_pointer(Cpu& cpu, const Insn& i, u16& selector, u32& offset) {
  const u32 at = cpu.effective_address(i);
  u8 image[6] = {};
  if (operand16(i)) {
    u16 low;
    if (!cpu.load(i.segment, at, low) || !cpu.load(i.segment, at + 2, selector)) return false;
    offset = low;
    return true;
  }
  if (!cpu.load_bytes(i.segment, at, image, sizeof image)) return false;
  std::memcpy(&offset, image, 4);
  std::memcpy(&selector, image + 4, 2);
  return true;
}

template <isa::SegmentRegister Which>
Outcome load_far(Cpu& cpu, const Insn& i) {
  u16 selector;
  u32 offset;
  if (!read_far_pointer(cpu, i, selector, offset) || !load_segment(cpu, Which, selector)) return Outcome::kFault;
  if (operand16(i))
    cpu.set_reg<u16>(i.reg, static_cast<u16>(offset));
  else
    cpu.set_reg<u32>(i.reg, offset);
  return Outcome::kEnd;
}

template <isa::SegmentRegister Which>
Outcome push_segment(Cpu& cpu, const Insn& i) {
  const u16 selector = cpu.state.segment[Which].selector;
  const bool ok = operand16(i) ? cpu.push<u16>(selector) : cpu.push<u32>(selector);
  return ok ? Outcome::kNext : Outcome::kFault;
}

// The pointer moves only when the segment could be loaded, by the size of the old stack.
template <isa::SegmentRegister Which>
Outcome pop_segment(Cpu& cpu, const Insn& i) {
  u16 selector;
  if (operand16(i)) {
    if (!cpu.load(isa::kSs, cpu.stack_pointer(), selector)) return Outcome::kFault;
  } else {
    u32 slot;
    if (!cpu.load(isa::kSs, cpu.stack_pointer(), slot)) return Outcome::kFault;
    selector = static_cast<u16>(slot);
  }
  const u32 mask = cpu.stack_mask();
  const u32 pointer = cpu.stack_pointer() + (operand16(i) ? 2 : 4);
  const Outcome outcome = load(cpu, Which, selector);
  if (outcome == Outcome::kFault) return outcome;
  u32& esp = cpu.state.gpr[isa::kEsp];
  esp = (esp & ~mask) | (pointer & mask);
  return outcome;
}

}  // namespace

Outcome sem_mov_to_segment(Cpu& cpu, const Insn& i) {
  if (i.reg == isa::kCs || i.reg > isa::kGs) return cpu.undefined();
  u16 selector;
  if (!cpu.read_rm(i, selector)) return Outcome::kFault;
  return load(cpu, static_cast<isa::SegmentRegister>(i.reg), selector);
}

// To memory 16 bits whatever the operand size; to a register zero-extended.
Outcome sem_mov_from_segment(Cpu& cpu, const Insn& i) {
  if (i.reg > isa::kGs) return cpu.undefined();
  const u16 selector = cpu.state.segment[i.reg].selector;
  if (i.flags & (isa::insn_flag::kMemory | isa::insn_flag::kOperand16)) {
    return cpu.write_rm(i, selector) ? Outcome::kNext : Outcome::kFault;
  }
  cpu.set_reg<u32>(i.rm, selector);
  return Outcome::kNext;
}

Outcome sem_push_es(Cpu& cpu, const Insn& i) { return push_segment<isa::kEs>(cpu, i); }
Outcome sem_push_cs(Cpu& cpu, const Insn& i) { return push_segment<isa::kCs>(cpu, i); }
Outcome sem_push_ss(Cpu& cpu, const Insn& i) { return push_segment<isa::kSs>(cpu, i); }
Outcome sem_push_ds(Cpu& cpu, const Insn& i) { return push_segment<isa::kDs>(cpu, i); }
Outcome sem_push_fs(Cpu& cpu, const Insn& i) { return push_segment<isa::kFs>(cpu, i); }
Outcome sem_push_gs(Cpu& cpu, const Insn& i) { return push_segment<isa::kGs>(cpu, i); }
Outcome sem_pop_es(Cpu& cpu, const Insn& i) { return pop_segment<isa::kEs>(cpu, i); }
Outcome sem_pop_ss(Cpu& cpu, const Insn& i) { return pop_segment<isa::kSs>(cpu, i); }
Outcome sem_pop_ds(Cpu& cpu, const Insn& i) { return pop_segment<isa::kDs>(cpu, i); }
Outcome sem_pop_fs(Cpu& cpu, const Insn& i) { return pop_segment<isa::kFs>(cpu, i); }
Outcome sem_pop_gs(Cpu& cpu, const Insn& i) { return pop_segment<isa::kGs>(cpu, i); }

Outcome sem_les(Cpu& cpu, const Insn& i) { return load_far<isa::kEs>(cpu, i); }
Outcome sem_lds(Cpu& cpu, const Insn& i) { return load_far<isa::kDs>(cpu, i); }
Outcome sem_lss(Cpu& cpu, const Insn& i) { return load_far<isa::kSs>(cpu, i); }
Outcome sem_lfs(Cpu& cpu, const Insn& i) { return load_far<isa::kFs>(cpu, i); }
Outcome sem_lgs(Cpu& cpu, const Insn& i) { return load_far<isa::kGs>(cpu, i); }

// --- Far transfers.

namespace {

u32 far_offset(const Insn& i) { return operand16(i) ? i.immediate & 0xffff : i.immediate; }

}  // namespace

Outcome sem_jmp_far(Cpu& cpu, const Insn& i) { return far_jump(cpu, i.immediate2, far_offset(i), cpu.next_eip(i)); }
Outcome sem_call_far(Cpu& cpu, const Insn& i) {
  return far_call(cpu, i.immediate2, far_offset(i), size_of(i), cpu.next_eip(i));
}

Outcome sem_jmp_far_memory(Cpu& cpu, const Insn& i) {
  u16 selector;
  u32 offset;
  if (!read_far_pointer(cpu, i, selector, offset)) return Outcome::kFault;
  return far_jump(cpu, selector, offset, cpu.next_eip(i));
}

Outcome sem_call_far_memory(Cpu& cpu, const Insn& i) {
  u16 selector;
  u32 offset;
  if (!read_far_pointer(cpu, i, selector, offset)) return Outcome::kFault;
  return far_call(cpu, selector, offset, size_of(i), cpu.next_eip(i));
}

Outcome sem_ret_far(Cpu& cpu, const Insn& i) { return far_return(cpu, size_of(i), 0); }
Outcome sem_ret_far_release(Cpu& cpu, const Insn& i) {
  return far_return(cpu, size_of(i), static_cast<u16>(i.immediate));
}
Outcome sem_iret(Cpu& cpu, const Insn& i) { return interrupt_return(cpu, size_of(i), cpu.next_eip(i)); }

// In virtual-8086 mode INT n depends on IOPL and VME; INT3 and INTO do not (SDM 3A, 20.2.7).
Outcome sem_int(Cpu& cpu, const Insn& i) {
  const u8 vector = static_cast<u8>(i.immediate);
  if (cpu.virtual8086()) {
    const Outcome outcome = redirect_interrupt(cpu, vector, cpu.next_eip(i));
    if (outcome != Outcome::kNext) return outcome;
  }
  return software_interrupt(cpu, vector, InterruptSource::kSoftware, cpu.next_eip(i));
}

Outcome sem_int3(Cpu& cpu, const Insn& i) {
  return software_interrupt(cpu, static_cast<u8>(Vector::kBreakpoint), InterruptSource::kSoftware, cpu.next_eip(i));
}

Outcome sem_into(Cpu& cpu, const Insn& i) {
  if (!(cpu.flags() & eflag::kOverflow)) return Outcome::kEnd;
  return software_interrupt(cpu, static_cast<u8>(Vector::kOverflow), InterruptSource::kSoftware, cpu.next_eip(i));
}

Outcome sem_int1(Cpu& cpu, const Insn& i) {
  return software_interrupt(cpu, static_cast<u8>(Vector::kDebug), InterruptSource::kIcebp, cpu.next_eip(i));
}

}  // namespace paemu
