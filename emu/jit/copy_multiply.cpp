// MUL, IMUL, DIV, IDIV (SDM 2), whose undefined flags hosts leave in different ways (docs/undefined.md).
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

namespace {
constexpr u32 kUndefined = eflag::kAdjust | stale::kSignZeroParity;

// Of 32-bit registers and constants, always copied, and flags are neither read nor written.
bool is_move(const Insn& i) { return i.opcode == 0x89 || i.opcode == 0x8b || (i.opcode & 0xf8) == 0xb8; }

// The same, but all arithmetic flags are written. Not ADC and SBB, which read one.
bool writes_all_flags(const Insn& i) {
  const u8 o = i.opcode, digit = i.modrm >> 3 & 7;
  const auto plain = [](u8 kind) { return kind != 2 && kind != 3; };
  if (o < 0x40) return ((o & 7) == 1 || (o & 7) == 3 || (o & 7) == 5) && plain(o >> 3);
  if (o == 0x81 || o == 0x83) return plain(digit);
  return o == 0x85 || o == 0x69 || o == 0x6b || (o == 0xf7 && (digit == 4 || digit == 5));
}
}  // namespace

// Are all flags written again before anything may look at them, fault or leave the block?
bool BlockTranslator::flags_die() const {
  for (u32 n = index_ + 1; n < count_; ++n) {
    const Insn& i = block_.insns[n];
    if (memory(i) || operand16(i) || !has_row(i)) return false;
    if (row(i).map != isa::Map::k1) return row(i).map == isa::Map::k0F && i.opcode == 0xaf;
    if (!is_move(i)) return writes_all_flags(i);
  }
  return false;
}

// SF, ZF and PF are those of the product, which is in `low`.
void BlockTranslator::flags_of_product(const Reg32& low) {
  if (!flags_die()) {
    mov(dword[CONTEXT(stale_mask)], kUndefined | stale::kOfProduct);
    mov(ptr[CONTEXT(stale_value)], low);
  }
  flags_ = Flags{kUndefined, true, 0};
}

// IMUL Gv,Ev and IMUL Gv,Ev,imm.
bool BlockTranslator::copy_product(const Insn& i, u32 immediate_size) {
  if (operand16(i) || (memory(i) && !reachable(i, Access::kRead))) return false;
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) rm = look_up(i, 4, Access::kRead);
  encode({0, i.opcode == 0xaf, i.opcode}, kHostRegister[i.reg], rm);
  if (immediate_size != 0) db(i.immediate, immediate_size);
  flags_of_product(guest32(i.reg));
  return true;
}

// MUL, IMUL of eDX:eAX.
bool BlockTranslator::copy_multiply(const Insn& i) {
  if (i.opcode == 0xf6 || operand16(i)) return false;
  if (!copy_group(i, {0, false, 0xf7}, 4, Access::kRead, 0)) return false;
  flags_of_product(eax);
  return true;
}

// Divisors and dividends that may be a divide error are the handler's. No flag changes.
bool BlockTranslator::copy_divide(const Insn& i) {
  if (i.opcode == 0xf6 || operand16(i) || (memory(i) && !reachable(i, Access::kRead))) return false;
  const bool is_signed = (i.modrm >> 3 & 7) == 7;
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) rm = look_up(i, 4, Access::kRead);
  Label refuse, done;
  encode({0, false, 0x8b}, static_cast<u8>(rcx.getIdx()), rm);
  pushfq();
  if (is_signed) {
    // EDX must be EAX's sign, the divisor neither 0 nor -1.
    lea(r8d, ptr[rcx + 1]);
    cmp(r8d, 1);
    jbe(refuse);
    mov(r8d, eax);
    sar(r8d, 31);
    cmp(r8d, edx);
    jne(refuse);
    idiv(ecx);
  } else {
    cmp(edx, ecx);
    jae(refuse);
    div(ecx);
  }
  popfq();
  jmp(done);
  L(refuse);
  popfq();
  jmp(missed(), T_NEAR);
  L(done);
  return true;
}

}  // namespace paemu::jit
