#include "jit/values.hpp"

#include <algorithm>

#include "isa/table.hpp"

namespace paemu::jit {

using isa::Insn;
using isa::Operand;

namespace {

constexpr u32 kSlot = 4;                             // bytes of a stack slot
constexpr u8 kCompare = 7, kAdd = 0, kSubtract = 5;  // as ModRM.reg and as bits 5:3 of the opcode

bool memory(const Insn& i) { return i.flags & isa::insn_flag::kMemory; }
bool operand16(const Insn& i) { return i.flags & isa::insn_flag::kOperand16; }
u8 digit_of(const Insn& i) { return i.modrm >> 3 & 7; }

bool general(Operand o) {
  using enum Operand;
  return o == Ed || o == Ew || o == Gd || o == Rd;
}

}  // namespace

// Byte registers 4 to 7 are the second bytes of 0 to 3.
void Values::lose_rm(const Insn& i, bool byte) {
  if (!memory(i)) lose(byte ? i.rm & 3 : i.rm);
}

// The eight operations of bytes 00 to 3F.
void Values::pass_arithmetic(const Insn& i) {
  const bool byte = (i.opcode & 1) == 0;
  if ((i.opcode >> 3 & 7) == kCompare) return;
  switch (i.opcode & 7) {
    case 0:
    case 1: return lose_rm(i, byte);
    case 2:
    case 3: return lose(byte ? i.reg & 3 : i.reg);
    default: return lose(isa::kEax);
  }
}

// Bytes 80 to 83, C0, C1, D0 to D3, F6, F7, FE and FF: ModRM.reg is part of the opcode.
void Values::pass_group(const Insn& i) {
  const u8 o = i.opcode, digit = digit_of(i);
  const bool byte = (o & 1) == 0;
  if (o <= 0x83) {
    if (digit == kCompare || memory(i)) return;
    const bool constant = !byte && !operand16(i);
    if (constant && digit == kAdd) return add(i.rm, i.immediate);
    if (constant && digit == kSubtract) return add(i.rm, 0u - i.immediate);
    return lose_rm(i, byte);
  }
  if (o == 0xf6 || o == 0xf7) {
    if (digit <= 1) return;  // TEST
    if (digit <= 3) return lose_rm(i, byte);
    lose(isa::kEax);
    return lose(isa::kEdx);
  }
  if (o == 0xff && digit == 6) return operand16(i) ? lose(isa::kEsp) : add(isa::kEsp, 0u - kSlot);  // PUSH
  if (o == 0xff && digit <= 1 && !memory(i) && !operand16(i)) return add(i.rm, digit == 0 ? 1 : ~u32{0});
  lose_rm(i, byte);
}

void Values::pass_move(const Insn& i) {
  const bool whole = !operand16(i);
  switch (i.opcode) {
    case 0x88: return lose_rm(i, true);
    case 0x89:
      if (memory(i)) return;
      return whole ? void(held_[i.rm] = held_[i.reg]) : lose(i.rm);
    case 0x8a: return lose(i.reg & 3);
    case 0x8b: return whole && !memory(i) ? void(held_[i.reg] = held_[i.rm]) : lose(i.reg);
    default: break;
  }
  // LEA
  const bool sum = whole && i.base != isa::kNoRegister && i.index == isa::kNoRegister &&
                   !(i.flags & isa::insn_flag::kAddress16);
  if (!sum) return lose(i.reg);
  held_[i.reg] = held_[i.base];
  add(i.reg, i.displacement);
}

void Values::pass(const Insn& i) {
  const isa::Row& row = isa::rows()[i.row];
  const u8 o = i.opcode;
  if (row.map == isa::Map::k0F) return pass_0f(i);
  if (o < 0x40 && (o & 7) < 6) return pass_arithmetic(i);
  if (o >= 0x80 && o <= 0x83) return pass_group(i);
  if (o >= 0x88 && o <= 0x8d && o != 0x8c) return pass_move(i);
  if (o >= 0x40 && o <= 0x4f) return operand16(i) ? lose(i.reg) : add(i.reg, o < 0x48 ? 1 : ~u32{0});
  const bool push_segment = o == 0x06 || o == 0x0e || o == 0x16 || o == 0x1e;
  if ((o >= 0x50 && o <= 0x57) || o == 0x68 || o == 0x6a || o == 0x9c || push_segment)
    return operand16(i) ? lose(isa::kEsp) : add(isa::kEsp, 0u - kSlot);
  if (o >= 0x58 && o <= 0x5f) {
    if (operand16(i))
      lose(isa::kEsp);
    else
      add(isa::kEsp, kSlot);
    return lose(i.reg);
  }
  if ((o >= 0x70 && o <= 0x7f) || o == 0x84 || o == 0x85 || o == 0xa8 || o == 0xa9) return;
  if ((o >= 0xa4 && o <= 0xa7) || (o >= 0xaa && o <= 0xaf)) {  // strings
    if (o <= 0xa7 || o == 0xac || o == 0xad) lose(isa::kEsi);
    if (o != 0xac && o != 0xad) lose(isa::kEdi);
    if (o == 0xac || o == 0xad) lose(isa::kEax);
    if (i.flags & (isa::insn_flag::kRep | isa::insn_flag::kRepne)) lose(isa::kEcx);
    return;
  }
  if (o == 0xa2 || o == 0xa3 || o == 0xf5 || (o >= 0xf8 && o <= 0xfd)) return;
  if (o >= 0xb0 && o <= 0xb7) return lose(i.reg & 3);
  if (o >= 0xb8 && o <= 0xbf) return lose(i.reg);
  if (o >= 0xd8 && o <= 0xdf) return o == 0xdf && !memory(i) ? lose(isa::kEax) : void();  // FNSTSW AX
  switch (o) {
    case 0x69:
    case 0x6b: return lose(i.reg);
    case 0x86: lose(i.reg & 3); return lose_rm(i, true);
    case 0x87: lose(i.reg); return lose_rm(i, false);
    case 0x90:
    case 0x91:
    case 0x92:
    case 0x93:
    case 0x94:
    case 0x95:
    case 0x96:
    case 0x97:
      if (i.reg == isa::kEax) return;
      lose(isa::kEax);
      return lose(i.reg);
    case 0x98:
    case 0xa0:
    case 0xa1: return lose(isa::kEax);
    case 0x8c: return lose_rm(i, false);
    case 0x99: return lose(isa::kEdx);
    case 0x9b: return;
    case 0x9e: return;
    case 0x9f: return lose(isa::kEax);
    case 0xc0:
    case 0xc1:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
    case 0xf6:
    case 0xf7:
    case 0xfe:
    case 0xff: return pass_group(i);
    case 0xc6: return lose_rm(i, true);
    case 0xc7: return lose_rm(i, false);
    case 0xc9:  // LEAVE
      held_[isa::kEsp] = held_[isa::kEbp];
      add(isa::kEsp, kSlot);
      return lose(isa::kEbp);
    case 0xc2: return operand16(i) ? forget() : add(isa::kEsp, kSlot + i.immediate);
    case 0xc3: return operand16(i) ? forget() : add(isa::kEsp, kSlot);
    case 0xd7: return lose(isa::kEax);
    case 0xe0:
    case 0xe1:
    case 0xe2: return lose(isa::kEcx);
    case 0xe3:
    case 0xe9:
    case 0xeb: return;
    case 0xe8: return operand16(i) ? forget() : add(isa::kEsp, 0u - kSlot);
    default: return forget();
  }
}

void Values::pass_0f(const Insn& i) {
  const u8 o = i.opcode;
  const isa::Row& row = isa::rows()[i.row];
  if (row.attributes & isa::attribute::kFpu) {
    if (std::ranges::none_of(row.operands, general)) return;
    lose(i.reg);
    return lose_rm(i, false);
  }
  if (o >= 0x40 && o <= 0x4f) return lose(i.reg);
  if (o >= 0x80 && o <= 0x8f) return;
  if (o >= 0x90 && o <= 0x9f) return lose_rm(i, true);
  if (o >= 0xc8 && o <= 0xcf) return lose(i.reg);
  switch (o) {
    case 0x18:
    case 0x19:
    case 0x1a:
    case 0x1b:
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x1f:
    case 0xa3:
    case 0xae: return;
    case 0xab:
    case 0xb3:
    case 0xbb:
    case 0xba:
    case 0xa4:
    case 0xa5:
    case 0xac:
    case 0xad: return lose_rm(i, false);
    case 0xc7: lose(isa::kEax); return lose(isa::kEdx);
    case 0xa0:
    case 0xa8: return operand16(i) ? lose(isa::kEsp) : add(isa::kEsp, 0u - kSlot);
    case 0xaf:
    case 0xb6:
    case 0xb7:
    case 0xbe:
    case 0xbf:
    case 0xbc:
    case 0xbd: return lose(i.reg);
    default: return forget();
  }
}

}  // namespace paemu::jit
