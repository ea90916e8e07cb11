// The rows of kernels that are frequent and stay at their privilege: time, flags, fences, segments, control registers.
#include "isa/decoder.hpp"
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

bool BlockTranslator::copy_system(const Insn& i) {
  const bool map0f = row(i).map == isa::Map::k0F;
  if (map0f) {
    if (i.opcode == 0x31) return copy_rdtsc();
    switch (i.opcode) {
      case 0x00: return copy_verify_write(i);
      case 0x01: return copy_flush_page(i);
      case 0x06: return copy_clts(i);
      case 0x20: return copy_from_control(i);
      case 0x22: return copy_to_cr3(i);
      case 0x34:
      case 0x35: return copy_transfer(i);
      case 0xa0: return !operand16(i) && copy_push_segment(isa::kFs);
      case 0xa8: return !operand16(i) && copy_push_segment(isa::kGs);
      case 0xa1: return copy_segment_load(i, isa::kFs, true);
      case 0xa9: return copy_segment_load(i, isa::kGs, true);
      case 0xae: return !memory(i) && (i.modrm >> 3 & 7) >= 5;  // LFENCE, MFENCE, SFENCE order nothing here
      default: return false;
    }
  }
  switch (i.opcode) {
    case 0x07:
    case 0x1f: return copy_segment_load(i, i.opcode >> 3, true);
    case 0x8c: return copy_from_segment(i);
    case 0x8e: return copy_segment_load(i, i.reg, false);
    case 0x9d: return copy_popf(i);
    case 0xcd:
    case 0xcf: return copy_transfer(i);
    case 0xfb: return copy_sti(i);
    case 0x90:  // PAUSE, when there is nobody to wait for
      return (i.flags & isa::insn_flag::kRep) && i.reg == isa::kEax && cpu_.place.topology.count() == 1;
    case 0x06:
    case 0x0e:
    case 0x16:
    case 0x1e: return !operand16(i) && copy_push_segment(i.opcode >> 3);
    case 0x9c: return !operand16(i) && copy_pushf();
    case 0xfa: return copy_cli();
    case 0xfc: return clear_flag(eflag::kDirection);  // CLD
    case 0xfd: return set_flag(eflag::kDirection);    // STD
    default: return false;
  }
}

// The TSC is the retired count before the instruction, and what was skipped and written.
bool BlockTranslator::copy_rdtsc() {
  if (privilege_ == Privilege::kUser) {
    Label allowed;
    mov(ecx, ptr[in_cpu(&cpu_.state.cr4)]);
    pext(ecx, ecx, ptr[CONTEXT(time_stamp_disable)]);
    jrcxz(allowed);
    jmp(missed(), T_NEAR);
    L(allowed);
  } else if (!need_ring0()) {
    return false;
  }
  // end - left - remaining; r11d has no sign here.
  mov(ecx, r11d);
  not_(rcx);
  mov(rsi, ptr[CONTEXT(end)]);
  lea(rcx, ptr[rcx + rsi + (1 - static_cast<int>(remaining()))]);
  mov(rsi, reinterpret_cast<u64>(&cpu_.clock.idle));
  mov(rsi, ptr[rsi]);
  lea(rcx, ptr[rcx + rsi]);
  mov(rsi, ptr[in_cpu(&cpu_.state.tsc_offset)]);
  lea(rcx, ptr[rcx + rsi]);
  mov(eax, ecx);
  rorx(rdx, rcx, 32);
  mov(edx, edx);
  return true;
}

// Rings 1 and 2 have the supervisor's pages, not its rights.
bool BlockTranslator::need_ring0() {
  if (privilege_ == Privilege::kUser) return false;
  Label ring0;
  movzx(ecx, byte[in_cpu(&cpu_.cpl)]);
  jrcxz(ring0);
  jmp(missed(), T_NEAR);
  L(ring0);
  return true;
}

// Of EFLAGS those that are not arithmetic, or of CR0, without touching the host's flags: PEXT drops, PDEP puts back.
bool BlockTranslator::clear_bits(const u32* field, u32 bits) {
  const u32 all_but = ~bits;
  mov(esi, all_but);
  mov(ecx, ptr[in_cpu(field)]);
  pext(ecx, ecx, esi);
  pdep(ecx, ecx, esi);
  mov(ptr[in_cpu(field)], ecx);
  return true;
}

// Of EFLAGS, one that is not arithmetic.
bool BlockTranslator::set_flag(u32 flag) {
  clear_flag(flag);
  lea(ecx, ptr[rcx + static_cast<int>(flag)]);
  mov(ptr[in_cpu(&cpu_.state.eflags)], ecx);
  return true;
}

// With esi and edi as it wants them, and all settled. Where it refuses, the handler does the whole instruction.
void BlockTranslator::take_shortcut(Shortcut s) {
  Label done;
  in_rdi_ = kNoSlot;
  call(cache_.writable(thunks_.shortcuts[static_cast<usize>(s)]));
  jrcxz(done);
  jmp(missed(), T_NEAR);
  L(done);
}

// After the last instruction of a block that others might have left.
void BlockTranslator::go_on_behind(const Insn& i) {
  settle_all();
  jump_to(next_eip(i));
  ended_ = true;
}

bool BlockTranslator::copy_cli() { return need_ring0() && clear_flag(eflag::kInterrupt); }

// MOV and POP; not of SS, which holds off interrupts.
bool BlockTranslator::copy_segment_load(const Insn& i, u32 segment, bool pop) {
  if (segment == isa::kCs || segment == isa::kSs || segment > isa::kGs || (pop && operand16(i))) return false;
  if (memory(i) && !reachable(i, Access::kRead)) return false;
  settle_all();
  if (pop) {
    load(esi, slot_at(isa::kEsp));
  } else if (memory(i)) {
    const HostOperand at = look_up(i, 2, Access::kRead);
    encode({0, true, 0xb7}, static_cast<u8>(rsi.getIdx()), at);  // MOVZX
  } else {
    mov(esi, guest32(i.rm));
  }
  mov(edi, segment);
  take_shortcut(Shortcut::kLoadSegment);
  if (pop) lea(guest32(isa::kEsp), ptr[guest64(isa::kEsp) + 4]);
  go_on_behind(i);
  return true;
}

// VERW, which clears buffers on the way out of kernels. Only ZF is written.
bool BlockTranslator::copy_verify_write(const Insn& i) {
  if ((i.modrm >> 3 & 7) != 5 || (memory(i) && !reachable(i, Access::kRead))) return false;
  need_flags(eflag::kArithmetic);
  settle_all();
  if (memory(i)) {
    const HostOperand at = look_up(i, 2, Access::kRead);
    encode({0, true, 0xb7}, static_cast<u8>(rsi.getIdx()), at);
  } else {
    mov(esi, guest32(i.rm));
  }
  take_shortcut(Shortcut::kVerifyWrite);
  constexpr u32 kAllButZero = ~(eflag::kZero << 8);  // of AX after LAHF
  mov(esi, eax);
  lahf();
  mov(edi, kAllButZero);
  pext(eax, eax, edi);
  pdep(eax, eax, edi);
  rorx(ecx, ptr[CONTEXT(went.flags)], 24);
  lea(eax, ptr[rax + rcx]);
  sahf();
  mov(eax, esi);
  return true;
}

// --- Control registers.

bool BlockTranslator::copy_from_control(const Insn& i) {
  const CpuState& s = cpu_.state;
  const u32* const registers[5] = {&s.cr0, nullptr, &s.cr2, &s.cr3, &s.cr4};
  if (i.reg > 4 || registers[i.reg] == nullptr || !need_ring0()) return false;
  mov(guest32(i.modrm & 7), ptr[in_cpu(registers[i.reg])]);
  return true;
}

bool BlockTranslator::copy_to_cr3(const Insn& i) {
  if (i.reg != 3 || privilege_ == Privilege::kUser) return false;
  settle_all();
  mov(esi, guest32(i.modrm & 7));
  mov(edi, remaining());
  take_shortcut(Shortcut::kWriteCr3);
  mov(esi, next_eip(i));  // where another page may be mapped now
  jump_indirect();
  ended_ = true;
  return true;
}

bool BlockTranslator::copy_flush_page(const Insn& i) {
  if ((i.modrm >> 3 & 7) != 7 || !memory(i) || privilege_ == Privilege::kUser) return false;
  if (i.segment == isa::kFs || i.segment == isa::kGs || (i.flags & isa::insn_flag::kAddress16)) return false;
  settle_all();
  if (i.base == isa::kNoRegister && i.index == isa::kNoRegister)
    mov(esi, i.displacement);
  else
    lea(esi, ptr[address(i)]);
  take_shortcut(Shortcut::kFlushPage);
  mov(esi, next_eip(i));
  jump_indirect();
  ended_ = true;
  return true;
}

bool BlockTranslator::copy_clts(const Insn& i) {
  if (!need_ring0()) return false;
  clear_bits(&cpu_.state.cr0, cr0::kTaskSwitched);
  go_on_behind(i);
  return true;
}

// --- Flags.

bool BlockTranslator::copy_sti(const Insn& i) {
  settle_all();
  take_shortcut(Shortcut::kEnableInterrupts);
  go_on_behind(i);
  return true;
}

bool BlockTranslator::copy_popf(const Insn& i) {
  if (operand16(i)) return false;
  settle_all();
  load(esi, slot_at(isa::kEsp));
  mov(ptr[CONTEXT(went.flags)], esi);
  take_shortcut(Shortcut::kPopFlags);
  lea(guest32(isa::kEsp), ptr[guest64(isa::kEsp) + 4]);
  load_flags();
  go_on_behind(i);
  return true;
}

// The arithmetic flags from Context::went. POPF of the host would take several times as long.
void BlockTranslator::load_flags() {
  mov(esi, eax);
  mov(ecx, ptr[CONTEXT(went.flags)]);
  shr(ecx, 11);
  and_(ecx, 1);
  add(cl, 0x7f);                            // OF
  rorx(eax, ptr[CONTEXT(went.flags)], 24);  // AH is what SAHF takes
  sahf();
  mov(eax, esi);
  flags_written_exactly();
}

// MOV from a segment register: to memory 16 bits, to a register of 32 bits with zeros above.
bool BlockTranslator::copy_from_segment(const Insn& i) {
  if (i.reg > isa::kGs || (memory(i) && !reachable(i, Access::kWrite))) return false;
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) rm = look_up(i, 2, Access::kWrite);
  movzx(ecx, word[in_cpu(&cpu_.state.segment[i.reg].selector)]);
  const bool short_store = memory(i) || operand16(i);
  encode({static_cast<u8>(short_store ? 0x66 : 0), false, 0x89}, static_cast<u8>(rcx.getIdx()), rm);
  return true;
}

bool BlockTranslator::copy_push_segment(u32 segment) {
  const HostOperand slot = slot_below();
  movzx(ecx, word[in_cpu(&cpu_.state.segment[segment].selector)]);
  store(slot, ecx);
  move_stack(-4);
  return true;
}

// In protected mode any ring may look.
bool BlockTranslator::copy_pushf() {
  constexpr u32 kOthers = ~(eflag::kArithmetic | eflag::kVirtual8086 | eflag::kResume);
  need_flags(eflag::kArithmetic);
  const HostOperand slot = slot_below();
  mov(ecx, ptr[in_cpu(&cpu_.state.eflags)]);
  mov(r8d, kOthers);
  pext(ecx, ecx, r8d);
  pdep(ecx, ecx, r8d);
  pushfq();
  pop(r8);
  pext(r8d, r8d, ptr[CONTEXT(arithmetic_bits)]);
  pdep(r8d, r8d, ptr[CONTEXT(arithmetic_bits)]);
  lea(ecx, ptr[rcx + r8]);
  store(slot, ecx);
  move_stack(-4);
  return true;
}

}  // namespace paemu::jit
