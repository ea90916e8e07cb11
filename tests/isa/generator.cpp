#include "generator.hpp"

#include <cstring>

#include "coverage.hpp"
#include "segments.hpp"

namespace paemu::isa_test {

using isa::Operand;
using isa::Row;

u32 Generator::offset_in(const Case& c, u32 segment, u32 linear) {
  return linear - segment_of(c.before.selector[segment]).base;
}

// Half of the cases in flat segments, as the interpreter's fast forms want them; the others in any. FS and GS are any
// always.
void Generator::segments(Case& c) {
  u16* s = c.before.selector;
  for (u32 n = 0; n < 6; ++n) s[n] = n == isa::kCs ? kUserCode : n < isa::kFs ? kUserData : u16{0};
  if (!local_segments_) return;
  s[isa::kFs] = dice_.pick(data_selectors());
  s[isa::kGs] = dice_.pick(data_selectors());
  if (!dice_.one_in(sequence_ ? 4 : 2)) return;
  if (dice_.one_in(2)) s[isa::kCs] = dice_.pick(code_selectors());
  // What ends a sequence must lie within the segment too.
  if (sequence_ && segment_of(s[isa::kCs]).limit < layout::kCodeSize - 1) s[isa::kCs] = kUserCode;
  if (dice_.one_in(2)) s[isa::kSs] = dice_.pick(stack_selectors());
  if (dice_.one_in(2)) s[isa::kDs] = dice_.pick(data_selectors());
  if (dice_.one_in(2)) s[isa::kEs] = dice_.pick(data_selectors());
}

void Generator::registers(Case& c) {
  using namespace layout;
  Registers& r = c.before;
  for (u32& v : r.gpr) v = values_.number();
  // ESP is a stack; at the end of its segment sometimes. What a 16-bit one does not use is noise.
  u32 esp = offset_in(c, isa::kSs, kData + 0x200 + dice_.below(kDataSize - 0x400));
  if (!dice_.one_in(8)) esp &= ~3u;
  if (dice_.one_in(20)) esp = dice_.one_in(2) ? dice_.below(40) : 0 - dice_.below(8);
  if (dice_.one_in(40)) esp = offset_in(c, isa::kSs, values_.address(4));
  const bool stack16 = !(segment_of(r.selector[isa::kSs]).attributes & 0x4000);
  if (stack16) esp = (esp & 0xffff) | static_cast<u32>(dice_.next() << 16);
  r.gpr[isa::kEsp] = esp;
  // The registers of string instructions mostly point at data.
  static constexpr u8 kPointers[][2] = {
      {isa::kEsi, isa::kDs}, {isa::kEdi, isa::kEs}, {isa::kEbx, isa::kDs}, {isa::kEbp, isa::kSs}};
  for (const auto [n, segment] : kPointers) {
    if (dice_.one_in(4)) continue;
    const u32 at = offset_in(c, segment, sequence_ ? values_.good_address(4) : values_.address(4));
    // Both string registers seldom start where the segments end.
    r.gpr[n] = dice_.one_in(40) ? segment_of(r.selector[segment]).limit - dice_.below(8) : at;
  }
  flags(c);
}

void Generator::flags(Case& c) {
  u32& f = c.before.eflags;
  f = static_cast<u32>(dice_.next()) & eflag::kArithmetic;
  if (dice_.one_in(4)) f |= eflag::kDirection;
  if (dice_.one_in(16)) f |= eflag::kAlignmentCheck;
}

void Generator::fpu(Case& c) {
  FpuState& f = c.before.fpu;
  static constexpr u16 kPrecisions[] = {0x300, 0x300, 0x200, 0x000};
  f.control = static_cast<u16>(0x40 | dice_.below(4) << 10 | dice_.pick(kPrecisions) | 0x3f);
  if (dice_.one_in(4)) f.control = static_cast<u16>(f.control & ~dice_.below(64));
  f.status = static_cast<u16>(dice_.next() & 0x7f00);  // TOP and the condition codes
  if (dice_.one_in(4)) f.status |= static_cast<u16>(dice_.below(128));
  // Rarely an exception that is pending.
  if (!dice_.one_in(4)) f.status = static_cast<u16>(f.status & (f.control | ~0x3fu));
  if (f.status & ~f.control & 0x3f) f.status |= 0x8080;
  f.tag = dice_.one_in(4) ? static_cast<u8>(dice_.next()) : dice_.one_in(8) ? u8{0} : u8{0xff};
  if (dice_.one_in(2)) f.tag = static_cast<u8>(f.tag & ~(1u << (((f.status >> 11) - 1) & 7)));  // room for a push
  for (auto& st : f.st) values_.extended(st);
  for (auto& xmm : f.xmm) values_.fill(xmm, 16);
  f.mxcsr = 0x1f80 | dice_.below(4) << 13;
  if (dice_.one_in(4)) f.mxcsr |= 1u << 15;
  if (dice_.one_in(4)) f.mxcsr |= 1u << 6;
  if (dice_.one_in(4)) f.mxcsr |= dice_.below(64);
  if (dice_.one_in(4)) f.mxcsr &= ~(dice_.below(64) << 7);
}

// Half of them end a page, so that the interpreter makes a block of one instruction of them; the others have something
// behind them. A few lie across the pages, or reach beyond the second, where nothing is.
void Generator::place(Case& c) {
  using namespace layout;
  c.code = kCode + dice_.below(0x1000);
  if (c.sequence || dice_.one_in(2)) c.code = kCode + 0x1000 - c.length;
  if (!c.sequence && dice_.one_in(20)) c.code = kCode + 0x1000 - dice_.below(c.length);
  if (!c.sequence && dice_.one_in(20)) c.code = kCode + kCodeSize - 1 - dice_.below(c.length);
  c.before.eip = offset_in(c, isa::kCs, c.code);
}

// A selector where the instruction finds one: in its register or in memory.
void Generator::selectors(Case& c, const Row& row) {
  const u16 selector = values_.selector();
  const u8 rm = c.modrm & 7;
  if (c.modrm >= 0xc0) {
    if (rm != isa::kEsp) c.before.gpr[rm] = (c.before.gpr[rm] & 0xffff0000) | selector;
  } else if (has_operand(row, {Operand::Mp})) {
    far_pointer(c.operand, false);
  } else if (c.operand_size != 0) {
    std::memcpy(c.operand, &selector, 2);
  }
}

// Offset, selector, flags: of 16 bits or 32, by the operand size.
void Generator::far_pointer(u8* to, bool with_flags) {
  const u32 size = operand16_ ? 2 : 4;
  const u32 offset = dice_.one_in(2) ? dice_.below(0x2000) : layout::kCode + dice_.below(0x2000);
  const u32 selector = values_.selector() | (dice_.one_in(4) ? static_cast<u32>(dice_.next() << 16) : 0);
  // Without NT, with which an IRET that follows is another thing in 64-bit mode.
  const u32 flags = static_cast<u32>(dice_.next()) & ~eflag::kNestedTask;
  std::memcpy(to, &offset, size);
  std::memcpy(to + size, &selector, size);
  if (with_flags) std::memcpy(to + size * 2, &flags, size);
}

void Generator::fill_stack(Case& c, const Row& row) {
  const Segment ss = segment_of(c.before.selector[isa::kSs]);
  const u32 mask = ss.attributes & 0x4000 ? ~0u : 0xffffu;
  const u32 at = ss.base + (c.before.gpr[isa::kEsp] & mask);
  if (at < layout::kData || at > layout::kReadOnly - 16) return;
  c.operand_address = at;
  c.operand_size = 16;
  values_.fill(c.operand, 16);
  if (named(row, "pop")) {
    const u16 selector = values_.selector();
    std::memcpy(c.operand, &selector, 2);
  } else if (dice_.one_in(2) || !named(row, "ret")) {
    far_pointer(c.operand, named(row, "iret"));
  }
}

Case Generator::make_sequence(std::span<const Row* const> rows, u32 count) {
  Case c;
  c.sequence = true;
  sequence_ = true;
  segments(c);
  registers(c);
  fpu(c);
  c.before.fpu.mxcsr |= 0x1f80;  // #XM would come between the halves of instructions that enter the MMX state
  c.before.eflags &= ~eflag::kAlignmentCheck;
  if (crowded_) anchors(c);
  while (c.count < count) {
    const Row& row = *dice_.pick(rows);
    if ((row.flags_read & c.flags_undefined) == 0) append(c, row);
  }
  sequence_ = anchored_ = false;
  place(c);
  return c;
}

Case Generator::make(const Row& row) {
  Case c;
  segments(c);
  registers(c);
  fpu(c);
  append(c, row);
  if (takes_selector(row)) selectors(c, row);
  if (takes_stack(row)) fill_stack(c, row);
  if (shows_trap_flag(row)) c.before.eflags |= eflag::kTrap;
  // MOV SS and POP SS hold the trap back until after the next instruction: a NOP.
  constexpr u8 kSsByReg = isa::kSs << 3;
  if (has_operand(row, {Operand::SS}) && named(row, "pop")) ++c.count;
  if (row.operands[0] == Operand::Sw && (c.modrm & 0x38) == kSsByReg) ++c.count;
  place(c);
  return c;
}

Case Generator::make_repeated(const Row& row) {
  Case c;
  c.sequence = true;
  sequence_ = true;
  segments(c);
  registers(c);
  put(c, dice_.one_in(2) ? 0xf2 : 0xf3);
  append(c, row);
  sequence_ = false;
  place(c);
  Registers& r = c.before;
  r.gpr[isa::kEcx] = dice_.below(dice_.one_in(4) ? 8 : 3000);
  // Anywhere in the data, near each other, so that runs overlap; a few from where nothing is.
  u32 from = layout::kData + dice_.below(layout::kDataSize), to = from + dice_.below(64) - 32;
  if (dice_.one_in(2)) to = layout::kData + dice_.below(layout::kDataSize);
  if (dice_.one_in(16)) from = values_.address(4);
  r.gpr[isa::kEsi] = offset_in(c, isa::kDs, from);
  r.gpr[isa::kEdi] = offset_in(c, isa::kEs, to);
  // So that comparisons go on for a while.
  if (dice_.one_in(2)) {
    c.operand_address = layout::kData + dice_.below(layout::kDataSize - sizeof c.operand);
    c.operand_size = sizeof c.operand;
    std::memset(c.operand, static_cast<int>(r.gpr[isa::kEax] & 0xff), sizeof c.operand);
    r.gpr[isa::kEax] = (r.gpr[isa::kEax] & 0xff) * 0x01010101;
  }
  return c;
}

Case Generator::make_bytes() {
  Case c;
  segments(c);
  registers(c);
  fpu(c);
  for (u32 n = dice_.below(4); n > 0; --n) put(c, dice_.pick(kPrefixBytes));
  if (dice_.one_in(2)) put(c, 0x0f);
  for (u32 n = 0; n < 11; ++n) put(c, static_cast<u8>(dice_.next()));
  c.count = 1;
  place(c);
  return c;
}

}  // namespace paemu::isa_test
