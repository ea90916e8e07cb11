// The generator's second half: from a row to bytes, with the registers that make its operand land somewhere.
#include <algorithm>
#include <cstring>

#include "coverage.hpp"
#include "generator.hpp"
#include "segments.hpp"

namespace paemu::isa_test {

using isa::Operand;
using isa::Prefix;
using isa::Row;

void Generator::prefixes(Case& c, const Row& row, bool memory) {
  const bool any = row.prefix == Prefix::kAny;
  const bool code16 = !(segment_of(c.before.selector[isa::kCs]).attributes & 0x4000);
  const bool has66 =
      any ? dice_.one_in(3) : row.prefix == Prefix::k66 || (row.prefix > Prefix::k66 && dice_.one_in(10));
  const bool has67 = !sequence_ && dice_.one_in(code16 ? 3 : 8);
  c.operand16 = operand16_ = code16 != has66;
  address16_ = code16 != has67;

  u8 list[24];
  u32 count = 0;
  if (has66) list[count++] = 0x66;
  if (has67) list[count++] = 0x67;
  static constexpr u8 kSegments[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x64, 0x65};
  if (dice_.one_in(6)) list[count++] = dice_.pick(kSegments);
  if (row.prefix == Prefix::kF3) list[count++] = 0xf3;
  if (row.prefix == Prefix::kF2) list[count++] = 0xf2;
  const bool lockable = (row.attributes & isa::attribute::kLockable) && memory;
  if (lockable ? dice_.one_in(6) : !sequence_ && dice_.one_in(60)) list[count++] = 0xf0;
  // F3 0F BC and BD are TZCNT and LZCNT on later processors; F3 0F 1E is among the hints.
  const bool counts = row.map == isa::Map::k0F && (row.opcode & 0xfe) == 0xbc;
  if (any && !counts && dice_.one_in(row.attributes & isa::attribute::kString ? 2 : 30)) {
    list[count++] = dice_.one_in(2) ? 0xf2 : 0xf3;
    if (dice_.one_in(16)) list[count++] = dice_.one_in(2) ? 0xf2 : 0xf3;
  }
  // Again what is there already, and other segments: the last one counts. Rarely too many for one instruction.
  if (!sequence_ && dice_.one_in(16)) {
    const u32 more = dice_.one_in(8) ? 12 : 1 + dice_.below(4);
    for (u32 n = 0; n < more; ++n) {
      const bool again = count > 0 && dice_.one_in(2);
      list[count] = again ? list[dice_.below(count)] : dice_.pick(kSegments);
      ++count;
    }
  }
  for (u32 n = count; n > 1; --n) std::swap(list[n - 1], list[dice_.below(n)]);

  override_ = isa::kNoSegment;
  for (u32 n = 0; n < count; ++n) {
    put(c, list[n]);
    switch (list[n]) {
      case 0x26: override_ = isa::kEs; break;
      case 0x2e: override_ = isa::kCs; break;
      case 0x36: override_ = isa::kSs; break;
      case 0x3e: override_ = isa::kDs; break;
      case 0x64: override_ = isa::kFs; break;
      case 0x65: override_ = isa::kGs; break;
      default: break;
    }
  }
}

u8 Generator::segment_for(bool stack_based) const {
  return override_ != isa::kNoSegment ? override_ : stack_based ? u8{isa::kSs} : u8{isa::kDs};
}

// SDM 2, table 2-1.
void Generator::memory_operand16(Case& c, u8 reg, u32 target) {
  static constexpr u8 kBase[8] = {isa::kEbx, isa::kEbx, isa::kEbp, isa::kEbp,
                                  isa::kEsi, isa::kEdi, isa::kEbp, isa::kEbx};
  u32* gpr = c.before.gpr;
  const bool fixed = sequence_ && !dice_.one_in(16);
  const u8 mod = fixed ? 0 : static_cast<u8>(dice_.below(3)), rm = fixed ? 6 : static_cast<u8>(dice_.below(8));
  const bool plain = mod == 0 && rm == 6;
  const u8 base = kBase[rm];
  const u32 at = offset_in(c, segment_for(base == isa::kEbp && !plain), target);
  put(c, c.modrm = static_cast<u8>(mod << 6 | reg << 3 | rm));
  if (plain) return put(c, at, 2);
  u32 displacement = mod == 0 ? 0 : values_.number();
  if (mod == 1) displacement = static_cast<u32>(static_cast<i8>(displacement));
  const u32 index = rm < 4 ? gpr[rm & 1 ? isa::kEdi : isa::kEsi] : 0;
  gpr[base] = (gpr[base] & 0xffff0000) | ((at - index - displacement) & 0xffff);
  put(c, displacement, mod);
}

// Around the middle page boundary of the data, or the one where it becomes read-only.
void Generator::anchors(Case& c) {
  anchored_ = true;
  const bool alone = dice_.one_in(2);  // then all operands are near one another
  for (u8& a : anchors_) {
    if (alone && &a != anchors_) {
      a = anchors_[0];
      continue;
    }
    a = static_cast<u8>(dice_.below(8));
    u32 at = layout::kData + (dice_.one_in(4) ? 0x2000 : 0x1000) + dice_.below(0x400) - 0x200;
    if (!dice_.one_in(4)) at &= ~15u;
    if (dice_.one_in(3)) at += layout::kAliasDistance;
    c.before.gpr[a] = offset_in(c, a == isa::kEsp || a == isa::kEbp ? isa::kSs : isa::kDs, at);
  }
  do small_index_ = static_cast<u8>(dice_.below(8));
  while (small_index_ == isa::kEsp || std::ranges::find(anchors_, small_index_) != std::end(anchors_));
  c.before.gpr[small_index_] = dice_.below(8) * (dice_.one_in(2) ? 16 : 1);
}

void Generator::anchored_operand(Case& c, u8 reg) {
  const u8 base = dice_.pick(anchors_);
  const bool indexed = dice_.one_in(4);
  u32 displacement = dice_.below(dice_.one_in(4) ? 600 : 80) - 40;
  if (dice_.one_in(2)) displacement &= ~15u;
  const bool byte = displacement + 128 < 256 && !dice_.one_in(4);
  const u8 rm = indexed || base == isa::kEsp ? u8{4} : base;
  put(c, c.modrm = static_cast<u8>((byte ? 1 : 2) << 6 | reg << 3 | rm));
  if (rm == 4) put(c, static_cast<u8>((indexed ? dice_.below(4) << 6 | small_index_ << 3 : 4 << 3) | base));
  put(c, displacement, byte ? 1 : 4);
}

// SDM 2, tables 2-2 and 2-3.
void Generator::memory_operand32(Case& c, u8 reg, u32 target) {
  if (anchored_ && !dice_.one_in(3)) return anchored_operand(c, reg);
  u32* gpr = c.before.gpr;
  const bool fixed = sequence_ && !dice_.one_in(16);
  const u8 mod = fixed ? 0 : static_cast<u8>(dice_.below(3)), rm = fixed ? 5 : static_cast<u8>(dice_.below(8));
  put(c, c.modrm = static_cast<u8>(mod << 6 | reg << 3 | rm));
  u32 base = rm, sum = 0;
  bool based = !(mod == 0 && rm == 5), settable = based;
  if (rm == 4) {
    const u8 sib = static_cast<u8>(dice_.next());
    put(c, sib);
    base = sib & 7;
    based = settable = !(mod == 0 && base == 5);
    const u32 index = sib >> 3 & 7;
    if (index != 4) {
      if (based && index == base) gpr[index] = target >> dice_.below(4);
      sum = gpr[index] << (sib >> 6);
      if (based && index == base) settable = false, sum += gpr[base];
    }
  }
  const u32 at = offset_in(c, segment_for(based && (base == isa::kEsp || base == isa::kEbp)), target);
  const u32 size = mod == 1 ? 1 : mod == 2 || !based ? 4 : 0;
  u32 displacement = values_.number();
  if (size == 0) displacement = 0;
  if (size == 1) displacement = static_cast<u32>(static_cast<i8>(displacement));
  if (settable)
    gpr[base] = at - sum - displacement;
  else if (size == 4)
    displacement = at - sum;
  put(c, displacement, size);
}

void Generator::memory_operand(Case& c, u8 reg, u32 target) {
  if (address16_)
    memory_operand16(c, reg, target);
  else
    memory_operand32(c, reg, target);
}

void Generator::modrm(Case& c, const Row& row, bool memory) {
  const u8 reg = row.modrm.reg != isa::Modrm::kFree ? row.modrm.reg : static_cast<u8>(dice_.below(8));
  if (!memory) {
    const u8 rm = row.modrm.rm != isa::Modrm::kFree ? row.modrm.rm : static_cast<u8>(dice_.below(8));
    // MOV to and from control and debug registers ignores mod.
    const u8 mod = has_operand(row, {Operand::Rd}) ? static_cast<u8>(dice_.below(4)) : u8{3};
    return put(c, c.modrm = static_cast<u8>(mod << 6 | reg << 3 | rm));
  }
  const u32 size = memory_size(row);
  // A register as bit number reaches far: keep it near.
  if (bit_string(row) && !dice_.one_in(8))
    c.before.gpr[reg] = static_cast<u32>(static_cast<i32>(dice_.below(0x1000)) - 0x800);
  // Operands at the end of the segment that is used most.
  const Segment ds = segment_of(c.before.selector[override_ == isa::kNoSegment ? u8{isa::kDs} : override_]);
  const u32 end = ds.base + ds.limit + 1 - dice_.below(size + 1);
  const u32 at = sequence_ ? values_.good_address(size) : dice_.one_in(12) ? end : values_.address(size);
  memory_operand(c, reg, at);
  if (at < layout::kData || at > layout::kReadOnly - size) return;
  c.operand_address = at;
  c.operand_size = size;
  values_.fill(c.operand, size);
  if (row.operands[0] == Operand::Mfx && !dice_.one_in(4)) {
    const u32 mxcsr = 0x1f80;
    std::memcpy(c.operand + 24, &mxcsr, 4);
  }
}

void Generator::immediates(Case& c, const Row& row) {
  using enum Operand;
  const u32 size = operand16_ ? 2 : 4;
  for (const Operand o : row.operands) {
    switch (o) {
      case Ib: {
        // INT 80 would be a system call.
        const u8 byte = static_cast<u8>(values_.number());
        put(c, named(row, "int") && byte == 0x80 ? u8{0x81} : byte);
        break;
      }
      case Ibs:
      case Jb: put(c, values_.number(), 1); break;
      case Iw: put(c, values_.number(), 2); break;
      case Iz: put(c, values_.number(), size); break;
      case Jz: put(c, dice_.one_in(2) ? dice_.below(0x2000) - 0x1000 : values_.number(), size); break;
      case Ap: {
        u8 pointer[8];
        far_pointer(pointer, false);
        for (u32 n = 0; n < size + 2; ++n) put(c, pointer[n]);
        break;
      }
      case Ob:
      case Ov: put(c, offset_in(c, segment_for(false), values_.address(4)), address16_ ? 2 : 4); break;
      default: break;
    }
  }
}

void Generator::append(Case& c, const Row& row) {
  using Mod = isa::Modrm::Mod;
  // In a sequence the bit number's register may hold anything, so the bit string would be anywhere.
  const bool far = sequence_ && bit_string(row);
  const bool memory = !far && row.modrm.present && row.modrm.mod != Mod::kRegister && row.operands[0] != Operand::Rd &&
                      row.operands[1] != Operand::Rd && (row.modrm.mod == Mod::kMemory || dice_.one_in(2));
  prefixes(c, row, memory);
  if (row.map == isa::Map::k0F) put(c, 0x0f);
  u32 opcode = row.opcode;
  if (row.attributes & isa::attribute::kByRegister) opcode += dice_.below(8);
  if (row.attributes & isa::attribute::kByCondition) opcode += dice_.below(16);
  put(c, static_cast<u8>(opcode));
  if (row.modrm.present) modrm(c, row, memory);
  immediates(c, row);
  ++c.count;
  // A shift by zero leaves the flags as they were.
  const bool shift = (row.flags_undefined & eflag::kOverflow) != 0 && (row.flags_written & eflag::kCarry) != 0;
  if (!shift) c.flags_undefined &= ~row.flags_written;
  c.flags_undefined |= row.flags_undefined;
  c.flags_unsure |= c.flags_undefined;
}

}  // namespace paemu::isa_test
