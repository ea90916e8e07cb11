// Integer rows: data movement, arithmetic, logic, multiplication, division.
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;
using isa::insn_flag::kMemory;

namespace {
constexpr u8 kFirstHigh = 4;  // byte registers AH to BH
constexpr u32 kOr = 1, kAnd = 4, kXor = 6;  // of group 1
bool is_ecx(u8 n, u32 size) { return size == 1 ? (n & 3) == isa::kEcx : n == isa::kEcx; }
}  // namespace

bool BlockTranslator::copy(const Insn& i) {
  const isa::Row& r = row(i);
  const usize misses = misses_.size();
  bool done = copy_system(i) || copy_string(i);
  if (!done && (r.attributes & (isa::attribute::kPrivileged | isa::attribute::kSlow | isa::attribute::kString)))
    return false;
  if (done)
    ;
  else if (r.attributes & isa::attribute::kFpu)
    done = copy_x87(i) || copy_mmx(i) || copy_sse(i);
  else if (r.map == isa::Map::k1)
    done = copy_control(i) || copy_integer(i);
  else
    done = copy_control(i) || copy_integer_0f(i);
  for (usize n = misses; n < misses_.size(); ++n) {
    L(misses_[n].resume);
    misses_[n].after = xmm_;
    misses_[n].lent = lent_;
  }
  return done;
}

// Byte registers: CL and CH have no register in which all other byte registers can be named along; where an AH takes
// part they go through rcx.
BlockTranslator::Places BlockTranslator::places(const Insn& i, u32 size, bool has_reg) const {
  Places p;
  const bool rm_register = !memory(i);
  if (size != 1) {
    p.reg = has_reg ? kHostRegister[i.reg & 7] : 0;
    p.rm = rm_register ? kHostRegister[i.rm & 7] : 0;
    return p;
  }
  const bool high = (has_reg && i.reg >= kFirstHigh) || (rm_register && i.rm >= kFirstHigh);
  const bool ecx_there = (has_reg && is_ecx(i.reg, 1)) || (rm_register && is_ecx(i.rm, 1));
  p.through_rcx = high && ecx_there;
  const auto place = [&](u8 n) { return p.through_rcx || n != isa::kEcx ? n : kHostRegister[isa::kEcx]; };
  if (has_reg) p.reg = place(i.reg);
  if (rm_register) p.rm = place(i.rm);
  return p;
}

// An instruction with a ModRM byte of two operands: its own opcode, reg and rm in place.
bool BlockTranslator::copy_modrm(const Insn& i, const Opcode& op, u32 size, Access access, bool rm_written,
                                 bool reg_written) {
  if (memory(i) && !reachable(i, access)) return false;
  const Places p = places(i, size, true);
  HostOperand rm = HostOperand::reg(p.rm);
  if (memory(i)) rm = look_up(i, size, access, Alignment::kAny, size == 1 && i.reg >= kFirstHigh);
  if (p.through_rcx) mov(ecx, guest32(isa::kEcx));
  encode(op, p.reg, rm);
  if (p.through_rcx && ((rm_written && !memory(i) && is_ecx(i.rm, 1)) || (reg_written && is_ecx(i.reg, 1))))
    mov(guest32(isa::kEcx), ecx);
  return true;
}

// One of a group: ModRM.reg is part of the opcode, an immediate may follow.
bool BlockTranslator::copy_group(const Insn& i, const Opcode& op, u32 size, Access access, u32 immediate_size) {
  if (memory(i) && !reachable(i, access)) return false;
  const Places p = places(i, size, false);
  HostOperand rm = HostOperand::reg(p.rm);
  if (memory(i)) rm = look_up(i, size, access);
  if (p.through_rcx) mov(ecx, guest32(isa::kEcx));
  encode(op, i.modrm >> 3 & 7, rm);
  if (immediate_size != 0) db(i.immediate, immediate_size);
  if (p.through_rcx) mov(guest32(isa::kEcx), ecx);
  return true;
}

namespace {
u8 prefix(bool operand16, u32 size) { return operand16 && size != 1 ? 0x66 : 0; }
}  // namespace

// By an operation numbered as in ModRM.reg of group 1. AND, OR, XOR and TEST leave AF undefined; it is clear by the rule.
void BlockTranslator::flags_written_by(u32 operation) {
  const bool logic = operation == kOr || operation == kAnd || operation == kXor;
  if (!logic || rules_.hold(HostRule::kLogic))
    flags_written_exactly();
  else
    flags_written_but(eflag::kAdjust, eflag::kAdjust);
}

// ADD, OR, ADC, SBB, AND, SUB, XOR, CMP: all flags are written. ADC and SBB read CF, which is never stale.
bool BlockTranslator::copy_arithmetic(const Insn& i, u8 opcode, u32 size) {
  const u8 form = opcode & 7, kind = opcode >> 3 & 7;
  const bool compare = kind == 7;
  if (form >= 4) {  // AL or eAX with an immediate
    const u32 immediate_size = size == 1 ? 1 : operand16(i) ? 2 : 4;
    encode({prefix(operand16(i), size), false, static_cast<u8>(size == 1 ? 0x80 : 0x81)}, kind, HostOperand::reg(0));
    db(i.immediate, immediate_size);
  } else {
    const bool to_rm = form < 2;
    const Access access = to_rm && !compare ? Access::kWrite : Access::kRead;
    if (!copy_modrm(i, {prefix(operand16(i), size), false, opcode}, size, access, to_rm && !compare,
                    !to_rm && !compare))
      return false;
  }
  flags_written_by(kind);
  return true;
}

bool BlockTranslator::copy_integer(const Insn& i) {
  const u8 o = i.opcode;
  const u32 wide = operand16(i) ? 2 : 4;
  const u32 size = o & 1 ? wide : 1;
  const u8 p66 = prefix(operand16(i), size);
  if (o < 0x40 && (o & 7) < 6) return copy_arithmetic(i, o, size);
  const u8 digit = i.modrm >> 3 & 7;
  switch (o) {
    case 0x80:
    case 0x81:
    case 0x82:
    case 0x83: {
      const u32 s = o == 0x81 || o == 0x83 ? wide : 1;
      const u8 opcode = o == 0x82 ? 0x80 : o;
      if (!copy_group(i, {prefix(operand16(i), s), false, opcode}, s, digit == 7 ? Access::kRead : Access::kWrite,
                      o == 0x81 ? wide : 1))
        return false;
      flags_written_by(digit);
      return true;
    }
    case 0x84:
    case 0x85:
      if (!copy_modrm(i, {p66, false, o}, size, Access::kRead, false, false)) return false;
      flags_written_by(kAnd);
      return true;
    case 0xa8:
    case 0xa9:
      encode({p66, false, static_cast<u8>(o == 0xa8 ? 0xf6 : 0xf7)}, 0, HostOperand::reg(0));
      db(i.immediate, size);
      flags_written_by(kAnd);
      return true;
    case 0xf6:
    case 0xf7:
      if (digit <= 1) {
        Insn test = i;
        test.modrm &= 0xc7;  // /1 is /0
        if (!copy_group(test, {p66, false, o}, size, Access::kRead, size)) return false;
        flags_written_by(kAnd);
        return true;
      }
      if (digit <= 3) {
        if (!copy_group(i, {p66, false, o}, size, Access::kWrite, 0)) return false;
        if (digit == 3) flags_written_exactly();
        return true;
      }
      return digit <= 5 ? copy_multiply(i) : copy_divide(i);
    case 0xfe:
    case 0xff:
      if (digit > 1) return false;
      if (!copy_group(i, {p66, false, o}, size, Access::kWrite, 0)) return false;
      flags_written_exactly();  // CF stays, and is never stale
      return true;
    case 0x69: return copy_product(i, wide);
    case 0x6b: return copy_product(i, 1);
    case 0x88:
    case 0x89: return copy_modrm(i, {p66, false, o}, size, Access::kWrite, true, false);
    case 0x8a:
    case 0x8b: return copy_modrm(i, {p66, false, o}, size, Access::kRead, false, true);
    case 0xa0:
    case 0xa1:
    case 0xa2:
    case 0xa3: {
      const bool store = o & 2;
      const Access access = store ? Access::kWrite : Access::kRead;
      if (!reachable(i, access)) return false;
      const HostOperand at = look_up(i, size, access);
      encode({p66, false, static_cast<u8>((store ? 0x88 : 0x8a) | (o & 1))}, 0, at);
      return true;
    }
    case 0x8d:
      if (i.flags & isa::insn_flag::kAddress16) return false;
      if (i.base == isa::kNoRegister && i.index == isa::kNoRegister) {
        if (operand16(i)) return false;
        mov(guest32(i.reg), i.displacement);
      } else if (operand16(i)) {
        lea(esi, ptr[address(i)]);
        encode({0x66, false, 0x8b}, kHostRegister[i.reg], HostOperand::reg(static_cast<u8>(rsi.getIdx())));
      } else {
        lea(guest32(i.reg), ptr[address(i)]);
      }
      return true;
    case 0x86:
    case 0x87: return copy_exchange(i, size);
    case 0x98:  // CBW, CWDE: within eAX
      if (operand16(i)) db(0x66);
      db(0x98);
      return true;
    case 0x99:
      if (operand16(i)) db(0x66);
      db(0x99);
      return true;
    case 0x9e:  // SAHF: all but OF, which is never stale
      db(0x9e);
      flags_written_exactly();
      return true;
    case 0xd7: return copy_table_look_up(i);
    case 0x60:
    case 0x61:
    case 0x8f:
    case 0xc8: return copy_frame(i);
    case 0x9f:  // LAHF
      need_flags(eflag::kArithmetic & ~eflag::kOverflow);
      db(0x9f);
      return true;
    case 0x90:
      if (i.reg == isa::kEax) return true;  // NOP
      return copy_exchange(i, wide);
    case 0xc6:
    case 0xc7: return copy_group(i, {p66, false, o}, size, Access::kWrite, size);
    case 0xc0:
    case 0xc1:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3: return copy_shift(i, size);
    case 0xf5:
    case 0xf8:
    case 0xf9: db(o); return true;  // CMC, CLC, STC
    default: break;
  }
  if (o >= 0x40 && o <= 0x4f) {  // INC and DEC: these bytes are REX prefixes on the host
    encode({prefix(operand16(i), wide), false, 0xff}, o >> 3 & 1, HostOperand::reg(kHostRegister[i.reg]));
    flags_written_exactly();
    return true;
  }
  if (o >= 0x91 && o <= 0x97) return copy_exchange(i, wide);
  if (o >= 0xb0 && o <= 0xb7) {
    if (i.reg == isa::kEcx + kFirstHigh) return false;
    const u8 place = i.reg == isa::kEcx ? kHostRegister[isa::kEcx] : i.reg;
    encode({0, false, 0xc6}, 0, HostOperand::reg(place));
    db(i.immediate, 1);
    return true;
  }
  if (o >= 0xb8 && o <= 0xbf) {
    if (operand16(i)) {
      encode({0x66, false, 0xc7}, 0, HostOperand::reg(kHostRegister[i.reg]));
      db(i.immediate, 2);
    } else {
      mov(guest32(i.reg), i.immediate);
    }
    return true;
  }
  return false;
}

bool BlockTranslator::copy_integer_0f(const Insn& i) {
  const u8 o = i.opcode;
  const u32 wide = operand16(i) ? 2 : 4;
  const u8 p66 = prefix(operand16(i), wide);
  if (o >= 0x40 && o <= 0x4f) {
    if (memory(i) && !reachable(i, Access::kRead)) return false;
    need_flags(read_by_condition(o));
    return copy_modrm(i, {p66, true, o}, wide, Access::kRead, false, true);
  }
  if (o >= 0x90 && o <= 0x9f) {
    if (memory(i) && !reachable(i, Access::kWrite)) return false;
    if (!memory(i) && i.rm == isa::kEcx + kFirstHigh) return false;
    need_flags(read_by_condition(o));
    HostOperand rm = HostOperand::reg(i.rm == isa::kEcx ? kHostRegister[isa::kEcx] : i.rm);
    if (memory(i)) rm = look_up(i, 1, Access::kWrite);
    encode({0, true, o}, 0, rm);
    return true;
  }
  if (o >= 0xc8 && o <= 0xcf) {
    if (operand16(i)) return false;
    bswap(guest32(i.reg));
    return true;
  }
  switch (o) {
    case 0xaf: return copy_product(i, 0);
    case 0xb6:
    case 0xb7:
    case 0xbe:
    case 0xbf: return copy_extend(i);
    case 0xa3:
    case 0xab:
    case 0xb3:
    case 0xbb:
    case 0xba: return copy_bit_test(i);
    case 0xbc:
    case 0xbd: return copy_bit_scan(i);
    case 0xa4:
    case 0xa5:
    case 0xac:
    case 0xad: return copy_double_shift(i);
    case 0xb0:
    case 0xb1:
    case 0xc0:
    case 0xc1: {
      // CMPXCHG, XADD. Processors take turns on one thread of the host: LOCK says nothing there.
      const u32 size = o & 1 ? wide : 1;
      if (!copy_modrm(i, {prefix(operand16(i), size), true, o}, size, Access::kWrite, true, o >= 0xc0)) return false;
      flags_written_exactly();
      return true;
    }
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x1f: return true;  // NOP with an operand that is not looked at
    case 0x18: return true;  // prefetches too, which fault on nothing
    case 0xc7: return copy_compare_exchange_8(i);
    default: return false;
  }
}

// MOVZX, MOVSX: the source is narrower than the destination.
bool BlockTranslator::copy_extend(const Insn& i) {
  const u32 from = i.opcode & 1 ? 2 : 1;
  if (memory(i) && !reachable(i, Access::kRead)) return false;
  const u8 p66 = prefix(operand16(i), 4);
  HostOperand rm = HostOperand::reg(kHostRegister[i.rm & 7]);
  if (memory(i)) {
    rm = look_up(i, from, Access::kRead);
  } else if (from == 1) {
    rm = HostOperand::reg(i.rm == isa::kEcx ? kHostRegister[isa::kEcx] : i.rm);
    if (i.rm >= kFirstHigh) {
      // AH to BH and a register that needs a prefix do not go together.
      if (i.rm == isa::kEcx + kFirstHigh) mov(ecx, guest32(isa::kEcx));
      if (kHostRegister[i.reg] >= 8) {
        if (operand16(i)) return false;
        encode({0, true, i.opcode}, static_cast<u8>(rcx.getIdx()), rm);
        mov(guest32(i.reg), ecx);
        return true;
      }
    }
  }
  encode({p66, true, i.opcode}, kHostRegister[i.reg], rm);
  return true;
}

// XCHG with memory locks the bus; nobody else is on it here.
bool BlockTranslator::copy_exchange(const Insn& i, u32 size) {
  const u8 p66 = prefix(operand16(i), size);
  if (memory(i)) {
    if (!reachable(i, Access::kWrite) || (size == 1 && i.reg == isa::kEcx + kFirstHigh)) return false;
    const HostOperand at = look_up(i, size, Access::kWrite, Alignment::kAny, size == 1);
    const u8 load = static_cast<u8>(size == 1 ? 0x8a : 0x8b), store = static_cast<u8>(size == 1 ? 0x88 : 0x89);
    const u8 reg = size == 1 ? (i.reg == isa::kEcx ? kHostRegister[isa::kEcx] : i.reg) : kHostRegister[i.reg];
    const u8 scratch = static_cast<u8>(rcx.getIdx());
    encode({p66, false, load}, scratch, at);
    encode({p66, false, store}, reg, at);
    encode({p66, false, store}, scratch, HostOperand::reg(reg));
    return true;
  }
  if (i.opcode >= 0x90) {
    encode({p66, false, 0x87}, 0, HostOperand::reg(kHostRegister[i.reg]));
    return true;
  }
  return copy_modrm(i, {p66, false, i.opcode}, size, Access::kWrite, true, true);
}

// CMPXCHG8B: of the flags only ZF is written.
bool BlockTranslator::copy_compare_exchange_8(const Insn& i) {
  if (!memory(i) || (i.modrm >> 3 & 7) != 1 || !reachable(i, Access::kWrite)) return false;
  need_flags(stale::kSignZeroParity);
  const HostOperand at = look_up(i, 8, Access::kWrite);
  mov(ecx, guest32(isa::kEcx));
  encode({0, true, 0xc7}, 1, at);
  return true;
}

// XLAT: AL is the index and the result.
bool BlockTranslator::copy_table_look_up(const Insn& i) {
  if (!reachable(i, Access::kRead) || i.segment == isa::kFs || i.segment == isa::kGs) return false;
  movzx(ecx, al);
  lea(esi, ptr[guest64(isa::kEbx) + rcx]);
  const HostOperand at = look_up_esi(1, Access::kRead);
  encode({0, false, 0x8a}, isa::kEax, at);
  return true;
}

}  // namespace paemu::jit
