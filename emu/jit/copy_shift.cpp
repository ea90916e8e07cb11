// Shifts, rotates and bit instructions. AF is clear after a shift by the rule of docs/undefined.md; hosts differ.
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

bool BlockTranslator::copy_shift(const Insn& i, u32 size) {
  const u8 kind = i.modrm >> 3 & 7;
  const bool rotate = kind < 4;
  const bool by_cl = (i.opcode & 0xfe) == 0xd2, by_one = (i.opcode & 0xfe) == 0xd0;
  const u32 count = by_one ? 1 : i.immediate & 31;
  if (!rules_.hold(shift_rule(kind)) || (memory(i) && !reachable(i, Access::kWrite))) return false;
  if (!by_cl && (count == 0 || (size != 4 && count >= size * 8))) return false;
  const bool plain = !rotate && count != 0;
  if (!by_cl) {
    const u8 opcode = static_cast<u8>(by_one ? 0xd0 | (size != 1) : 0xc0 | (size != 1));
    Insn again = i;
    if (kind == 6) again.modrm = static_cast<u8>((i.modrm & 0xc7) | 4 << 3);
    if (!copy_group(again, {static_cast<u8>(size == 2 ? 0x66 : 0), false, opcode}, size, Access::kWrite,
                    by_one ? 0 : 1))
      return false;
    if (plain) flags_written_but(eflag::kAdjust, eflag::kAdjust);
    return true;
  }
  return copy_shift_by_cl(i, size, kind == 6 ? 4 : kind);
}

// Of bytes and words by their width or more, which leaves more undefined, the handler shifts.
bool BlockTranslator::copy_shift_by_cl(const Insn& i, u32 size, u8 kind) {
  const Places p = places(i, size, false);
  HostOperand rm = HostOperand::reg(p.rm);
  if (memory(i)) rm = look_up(i, size, Access::kWrite);
  if (size != 4) {
    Label fits;
    mov(r8d, size == 1 ? 0x18 : 0x10);
    pext(ecx, guest32(isa::kEcx), r8d);
    jrcxz(fits);
    jmp(missed(), T_NEAR);
    L(fits);
  }
  touch(rm, size);
  const Opcode op{static_cast<u8>(size == 2 ? 0x66 : 0), false, static_cast<u8>(size == 1 ? 0xd2 : 0xd3)};
  const auto shift = [&] {
    if (p.through_rcx) mov(ecx, guest32(isa::kEcx));
    encode(op, kind, rm);
    if (p.through_rcx) mov(guest32(isa::kEcx), ecx);
  };
  if (kind < 4) {
    mov(ecx, guest32(isa::kEcx));
    shift();
    return true;
  }
  // By 0 no flag changes; else AF is clear, and the others are the host's.
  record_flags(flags_);
  Label none;
  pext(ecx, guest32(isa::kEcx), ptr[CONTEXT(count_bits)]);
  jrcxz(none);
  shift();
  mov(qword[CONTEXT(stale_mask)], eflag::kAdjust);
  L(none);
  flags_ = Flags{flags_.maybe_stale | eflag::kAdjust, true, 0};
  return true;
}

// In the window, an operand that is to be written is written with what it is: so that what follows, which may leave
// flags or memory half done, does not fault. A shift by 0 changes nothing, but faults like all others.
void BlockTranslator::touch(const HostOperand& at, u32 size) {
  if (!at.memory || !at.window) return;
  const u8 scratch = static_cast<u8>(rcx.getIdx()), p66 = size == 2 ? 0x66 : 0;
  encode({p66, false, static_cast<u8>(size == 1 ? 0x8a : 0x8b)}, scratch, at);
  encode({p66, false, static_cast<u8>(size == 1 ? 0x88 : 0x89)}, scratch, at);
}

// SHLD and SHRD.
bool BlockTranslator::copy_double_shift(const Insn& i) {
  const bool by_cl = i.opcode & 1;
  const u32 count = i.immediate & 31;
  if (!rules_.hold((i.opcode & 0xfe) == 0xa4 ? HostRule::kShld : HostRule::kShrd)) return false;
  if (operand16(i) || (!by_cl && count == 0) || (memory(i) && !reachable(i, Access::kWrite))) return false;
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) rm = look_up(i, 4, Access::kWrite);
  if (by_cl) {
    touch(rm, 4);
    record_flags(flags_);
    Label none;
    pext(ecx, guest32(isa::kEcx), ptr[CONTEXT(count_bits)]);
    jrcxz(none);
    encode({0, true, i.opcode}, kHostRegister[i.reg], rm);
    mov(qword[CONTEXT(stale_mask)], eflag::kAdjust);
    L(none);
    flags_ = Flags{flags_.maybe_stale | eflag::kAdjust, true, 0};
    return true;
  }
  encode({0, true, i.opcode}, kHostRegister[i.reg], rm);
  db(count, 1);
  flags_written_but(eflag::kAdjust, eflag::kAdjust);
  return true;
}

// BT, BTS, BTR, BTC: only CF changes.
bool BlockTranslator::copy_bit_test(const Insn& i) {
  const bool immediate = i.opcode == 0xba;
  if (!rules_.hold(HostRule::kBitTest) || operand16(i)) return false;
  if (memory(i) && !immediate) return copy_bit_string(i);
  const bool test_only = immediate ? (i.modrm >> 3 & 7) == 4 : i.opcode == 0xa3;
  const Access access = test_only ? Access::kRead : Access::kWrite;
  if (immediate) return copy_group(i, {0, true, 0xba}, 4, access, 1);
  return copy_modrm(i, {0, true, i.opcode}, 4, access, !test_only, false);
}

// A register numbers the bit from the operand's first on, backwards too (SDM 2A, BT): its dword is looked up, and the
// rest of the number is the register form's.
bool BlockTranslator::copy_bit_string(const Insn& i) {
  const bool test_only = i.opcode == 0xa3;
  const Access access = test_only ? Access::kRead : Access::kWrite;
  if (!reachable(i, access) || i.segment == isa::kFs || i.segment == isa::kGs) return false;
  if (i.base == isa::kNoRegister && i.index == isa::kNoRegister)
    mov(esi, i.displacement);
  else
    lea(esi, ptr[address(i)]);
  mov(r8d, 5);
  sarx(ecx, guest32(i.reg), r8d);
  lea(esi, ptr[rsi + rcx * 4]);
  const HostOperand at = look_up_esi(4, access);
  if (!test_only) touch(at, 4);
  load(ecx, at);
  encode({0, true, i.opcode}, kHostRegister[i.reg], HostOperand::reg(static_cast<u8>(rcx.getIdx())));
  if (!test_only) store(at, ecx);
  return true;
}

// BSF, BSR: of 0 the destination stays as it was, which the host does too; PF is as ZF.
bool BlockTranslator::copy_bit_scan(const Insn& i) {
  if (!rules_.hold(HostRule::kBitScan) || operand16(i) || (memory(i) && !reachable(i, Access::kRead))) return false;
  // Without a prefix: with F3 they are TZCNT and LZCNT on the host.
  if (!copy_modrm(i, {0, true, i.opcode}, 4, Access::kRead, false, true)) return false;
  flags_written_but(eflag::kParity, eflag::kParity | stale::kParityIsZero);
  return true;
}

}  // namespace paemu::jit
