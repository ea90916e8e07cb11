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

// SF, ZF and PF are those of the product, whose lower half is so much of the host's register `low`.
void BlockTranslator::flags_of_product(u8 low, u32 size) {
  if (!flags_die()) {
    const u8 scratch = static_cast<u8>(rcx.getIdx());
    if (size != 4)
      encode({0, true, static_cast<u8>(size == 1 ? 0xbe : 0xbf)}, scratch, HostOperand::reg(low));  // MOVSX
    mov(dword[CONTEXT(stale_mask)], kUndefined | stale::kOfProduct);
    mov(ptr[CONTEXT(stale_value)], size == 4 ? Reg32(low) : ecx);
  }
  flags_ = Flags{kUndefined, true, 0};
}

// IMUL Gv,Ev and IMUL Gv,Ev,imm.
bool BlockTranslator::copy_product(const Insn& i, u32 immediate_size) {
  if (memory(i) && !reachable(i, Access::kRead)) return false;
  const u32 size = operand16(i) ? 2 : 4;
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) rm = look_up(i, size, Access::kRead);
  encode({static_cast<u8>(size == 2 ? 0x66 : 0), i.opcode == 0xaf, i.opcode}, kHostRegister[i.reg], rm);
  if (immediate_size != 0) db(i.immediate, immediate_size);
  flags_of_product(kHostRegister[i.reg], size);
  return true;
}

namespace {
u32 size_of(const Insn& i) { return i.opcode == 0xf6 ? 1 : i.flags & isa::insn_flag::kOperand16 ? 2 : 4; }
u8 prefix_of(u32 size) { return size == 2 ? 0x66 : 0; }
}  // namespace

// MUL, IMUL of AX, DX:AX, EDX:EAX.
bool BlockTranslator::copy_multiply(const Insn& i) {
  const u32 size = size_of(i);
  if (!copy_group(i, {prefix_of(size), false, i.opcode}, size, Access::kRead, 0)) return false;
  flags_of_product(static_cast<u8>(rax.getIdx()), size);
  return true;
}

// To ecx, extended.
void BlockTranslator::load_divisor(const Insn& i, u32 size, bool is_signed) {
  const u8 scratch = static_cast<u8>(rcx.getIdx());
  const Places p = places(i, size, false);
  HostOperand rm = HostOperand::reg(p.rm);
  if (memory(i)) rm = look_up(i, size, Access::kRead);
  if (p.through_rcx) mov(ecx, guest32(isa::kEcx));
  const u8 extend = static_cast<u8>((is_signed ? 0xbe : 0xb6) | (size == 2 ? 1 : 0));
  encode(size == 4 ? Opcode{0, false, 0x8b} : Opcode{0, true, extend}, scratch, rm);
}

// Divisors and dividends that may be a divide error are the handler's. No flag changes.
bool BlockTranslator::copy_divide(const Insn& i) {
  if (memory(i) && !reachable(i, Access::kRead)) return false;
  const bool is_signed = (i.modrm >> 3 & 7) == 7;
  const u32 size = size_of(i);
  Label refuse, done;
  load_divisor(i, size, is_signed);
  pushfq();
  if (is_signed) {
    // The upper half must be the lower one's sign, the divisor neither 0 nor -1.
    lea(r8d, ptr[rcx + 1]);
    cmp(r8d, 1);
    jbe(refuse);
    if (size == 1) {
      movsx(esi, al);
      movsx(r8d, ax);
    } else {
      if (size == 2)
        movsx(r8d, ax);
      else
        mov(r8d, eax);
      sar(r8d, 31);
      if (size == 2)
        movsx(esi, dx);
      else
        mov(esi, edx);
    }
    cmp(r8d, esi);
    jne(refuse);
  } else {
    if (size == 1)
      cmp(ah, cl);
    else if (size == 2)
      cmp(dx, cx);
    else
      cmp(edx, ecx);
    jae(refuse);
  }
  encode({prefix_of(size), false, i.opcode}, is_signed ? 7 : 6, HostOperand::reg(static_cast<u8>(rcx.getIdx())));
  popfq();
  jmp(done);
  L(refuse);
  popfq();
  jmp(missed(), T_NEAR);
  L(done);
  return true;
}

}  // namespace paemu::jit
