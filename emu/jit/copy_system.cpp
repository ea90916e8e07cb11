// The few rows of kernels that are frequent and need no more than the processor's own state: time, flags, fences.
#include "isa/decoder.hpp"
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

bool BlockTranslator::copy_system(const Insn& i) {
  const bool map0f = row(i).map == isa::Map::k0F;
  if (map0f) {
    if (i.opcode == 0x31) return copy_rdtsc();
    if (i.opcode == 0xa0 || i.opcode == 0xa8)
      return !operand16(i) && copy_push_segment(i.opcode == 0xa0 ? isa::kFs : isa::kGs);
    return i.opcode == 0xae && !memory(i) && (i.modrm >> 3 & 7) >= 5;  // LFENCE, MFENCE, SFENCE order nothing here
  }
  switch (i.opcode) {
    case 0x90:  // PAUSE, when there is nobody to wait for
      return (i.flags & isa::insn_flag::kRep) && i.reg == isa::kEax && cpu_.place.topology.count() == 1;
    case 0x06:
    case 0x0e:
    case 0x16:
    case 0x1e: return !operand16(i) && copy_push_segment(i.opcode >> 3);
    case 0x9c: return !operand16(i) && copy_pushf();
    case 0xfa: return copy_cli();
    case 0xfc: return clear_flag(eflag::kDirection);  // CLD
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

// Clears bits of EFLAGS that are not arithmetic, without touching those that are: PEXT drops, PDEP puts back.
bool BlockTranslator::clear_flag(u32 flag) {
  const u32 all_but = ~flag;
  mov(esi, all_but);
  mov(ecx, ptr[in_cpu(&cpu_.state.eflags)]);
  pext(ecx, ecx, esi);
  pdep(ecx, ecx, esi);
  mov(ptr[in_cpu(&cpu_.state.eflags)], ecx);
  return true;
}

bool BlockTranslator::copy_cli() { return need_ring0() && clear_flag(eflag::kInterrupt); }

bool BlockTranslator::copy_push_segment(u32 segment) {
  push_below();
  movzx(ecx, word[in_cpu(&cpu_.state.segment[segment].selector)]);
  mov(ptr[rdi + rsi], ecx);
  mov(guest32(isa::kEsp), esi);
  return true;
}

// In protected mode any ring may look.
bool BlockTranslator::copy_pushf() {
  constexpr u32 kOthers = ~(eflag::kArithmetic | eflag::kVirtual8086 | eflag::kResume);
  need_flags(eflag::kArithmetic);
  push_below();
  mov(ecx, ptr[in_cpu(&cpu_.state.eflags)]);
  mov(r8d, kOthers);
  pext(ecx, ecx, r8d);
  pdep(ecx, ecx, r8d);
  pushfq();
  pop(r8);
  pext(r8d, r8d, ptr[CONTEXT(arithmetic_bits)]);
  pdep(r8d, r8d, ptr[CONTEXT(arithmetic_bits)]);
  lea(ecx, ptr[rcx + r8]);
  mov(ptr[rdi + rsi], ecx);
  mov(guest32(isa::kEsp), esi);
  return true;
}

}  // namespace paemu::jit
