// Shifts, rotates and bit instructions. AF is clear after a shift by the rule of docs/undefined.md; hosts differ.
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

bool BlockTranslator::copy_shift(const Insn& i, u32 size) {
  const u8 kind = i.modrm >> 3 & 7;
  const bool rotate = kind < 4, through_carry = kind == 2 || kind == 3;
  const bool by_cl = (i.opcode & 0xfe) == 0xd2, by_one = (i.opcode & 0xfe) == 0xd0;
  const u32 count = by_one ? 1 : i.immediate & 31;
  if (!rules_.hold(shift_rule(kind)) || (memory(i) && !reachable(i, Access::kWrite))) return false;
  if (!by_cl && (count == 0 || (size != 4 && count >= size * 8))) return false;
  if (by_cl && (size != 4 || through_carry)) return false;
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
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) rm = look_up(i, 4, Access::kWrite);
  touch(rm);
  if (rotate) {
    mov(ecx, guest32(isa::kEcx));
    encode({0, false, 0xd3}, kind, rm);
    return true;
  }
  // By 0 no flag changes; else AF is clear, and the others are the host's.
  record_flags(flags_);
  Label none;
  pext(ecx, guest32(isa::kEcx), ptr[CONTEXT(count_bits)]);
  jrcxz(none);
  encode({0, false, 0xd3}, kind == 6 ? 4 : kind, rm);
  mov(qword[CONTEXT(stale_mask)], eflag::kAdjust);
  L(none);
  flags_ = Flags{flags_.maybe_stale | eflag::kAdjust, true, 0};
  return true;
}

// A shift by 0 changes nothing, but faults like all others.
void BlockTranslator::touch(const HostOperand& at) {
  if (!at.memory || !at.window) return;
  load(ecx, at);
  store(at, ecx);
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
    touch(rm);
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

// BT, BTS, BTR, BTC: only CF changes. A bit string in memory that a register indexes is the handler's.
bool BlockTranslator::copy_bit_test(const Insn& i) {
  const bool immediate = i.opcode == 0xba;
  if (!rules_.hold(HostRule::kBitTest) || operand16(i) || (memory(i) && !immediate)) return false;
  const bool test_only = immediate ? (i.modrm >> 3 & 7) == 4 : i.opcode == 0xa3;
  const Access access = test_only ? Access::kRead : Access::kWrite;
  if (immediate) return copy_group(i, {0, true, 0xba}, 4, access, 1);
  return copy_modrm(i, {0, true, i.opcode}, 4, access, !test_only, false);
}

// BSF, BSR: of 0 the destination stays as it was, which the host does too; PF is as ZF.
bool BlockTranslator::copy_bit_scan(const Insn& i) {
  if (!rules_.hold(HostRule::kBitScan) || operand16(i) || (memory(i) && !reachable(i, Access::kRead))) return false;
  if (i.flags & (isa::insn_flag::kRep | isa::insn_flag::kRepne)) return false;
  if (!copy_modrm(i, {0, true, i.opcode}, 4, Access::kRead, false, true)) return false;
  flags_written_but(eflag::kParity, eflag::kParity | stale::kParityIsZero);
  return true;
}

}  // namespace paemu::jit
