// Look-ups for several accesses: the first one of a block that goes through a value (Values) looks up all bytes that
// the block's others reach by it too, if they lie close together, and keeps the page's addend in a slot of Context. The
// others need not look again, as long as no handler ran: it may have put another page in the place.
#include <algorithm>

#include "cpu/x87_instruction.hpp"
#include "jit/block_translator.hpp"
#include "jit/simd_operand.hpp"

namespace paemu::jit {

using namespace Xbyak;

namespace {

constexpr u32 kSlot = 4;  // bytes of a stack slot

// What an instruction that has not come yet will probably access. A wrong guess costs a look-up, no more.
struct Guess {
  bool stack = false;    // the slot at ESP or below it instead of the operand
  bool operand = false;  // its memory operand
  bool store = false;
  u32 size = 0;
};

Guess guess(const Insn& i, const isa::Row& row) {
  const u8 o = i.opcode, digit = i.modrm >> 3 & 7;
  Guess g;
  g.operand = i.flags & isa::insn_flag::kMemory;
  g.size = 4;
  if (row.map == isa::Map::k0F) {
    if (row.attributes & isa::attribute::kFpu) {
      g.size = std::ranges::any_of(row.operands, simd_operand::is_mmx) ? 8 : 16;
      g.store = o == 0x11 || o == 0x13 || o == 0x17 || o == 0x29 || o == 0x7e || o == 0x7f || o == 0xd6 || o == 0xe7;
    } else {
      g.store = (o >= 0x90 && o <= 0x9f) || o == 0xa4 || o == 0xac || o == 0xab || (o >= 0xb0 && o <= 0xb3) ||
                o == 0xbb || o == 0xc0 || o == 0xc1 || (o == 0xba && digit != 4);
      if ((o >= 0x18 && o <= 0x1f)) g.operand = false;
    }
    return g;
  }
  if ((o >= 0x50 && o <= 0x57) || o == 0x68 || o == 0x6a || o == 0xe8 || (o == 0xff && digit == 2)) {
    g.stack = g.store = true;
  } else if ((o >= 0x58 && o <= 0x5f) || o == 0xc3 || o == 0xc2) {
    g.stack = true;
  } else if (o >= 0xd8 && o <= 0xdf) {
    if (!g.operand) return g;
    const x87::Operand operand = x87::operand_of(o, digit);
    g.size = std::clamp<u32>(operand.size, 2, 16);
    g.store = operand.store;
  } else if (o == 0x8d) {
    g.operand = false;
  } else {
    const bool arithmetic = o < 0x40 && (o & 7) < 2 && (o >> 3 & 7) != 7;
    g.store = arithmetic || o == 0x88 || o == 0x89 || o == 0xc6 || o == 0xc7 ||
              (o >= 0x80 && o <= 0x83 && digit != 7) || o == 0x86 || o == 0x87 || o == 0xc0 || o == 0xc1 ||
              (o >= 0xd0 && o <= 0xd3) || o == 0xfe || (o == 0xff && digit <= 1) ||
              ((o == 0xf6 || o == 0xf7) && (digit == 2 || digit == 3));
  }
  return g;
}

}  // namespace

u32 BlockTranslator::distance_of(const Address& a, const Values& values) const {
  return a.displacement + values.of(a.base).added + (values.of(a.index).added << a.scale);
}

BlockTranslator::Span* BlockTranslator::known_span(const Address& a, u32 size, Access access, Alignment alignment) {
  const u32 distance = distance_of(a, values_);
  for (Span& s : spans_) {
    if (s.base != values_.of(a.base).name || s.index != values_.of(a.index).name || s.scale != a.scale) continue;
    const u32 at = distance - s.distance;
    if (at >= s.size || size > s.size - at || (access == Access::kWrite && s.access != Access::kWrite)) continue;
    if (alignment == Alignment::kRequired16 && (!s.aligned || (distance - s.multiple) % 16 != 0)) continue;
    s.last = std::max(s.last, index_);
    return &s;
  }
  return nullptr;
}

std::optional<u32> BlockTranslator::free_slot() const {
  for (u32 n = 0; n < Context::kPages; ++n)
    if (std::ranges::find(spans_, n, &Span::slot) == spans_.end()) return n;
  return std::nullopt;
}

// Looks ahead for accesses that can share this one's look-up. -> nullptr when it is not worth while
BlockTranslator::Span* BlockTranslator::new_span(const Address& a, u32 size, Access access, Alignment alignment) {
  const std::optional<u32> slot = free_slot();
  if (widest_span_ == 0 || !slot) return nullptr;
  Span span{.base = values_.of(a.base).name,
            .index = values_.of(a.index).name,
            .scale = a.scale,
            .distance = distance_of(a, values_),
            .size = size,
            .access = access,
            .from = index_,
            .last = index_,
            .slot = *slot};
  span.aligned = alignment == Alignment::kRequired16;
  span.multiple = span.distance;
  // A page that is read need not be writable, but the stack's are.
  const bool stack = a.index == isa::kNoRegister && (a.base == isa::kEsp || a.base == isa::kEbp);
  const bool for_stores = access == Access::kWrite || stack;
  bool shared = false;
  Values values = values_;
  const auto consider = [&](const Address& other, const Guess& g) {
    if (span.base != values.of(other.base).name || span.index != values.of(other.index).name ||
        span.scale != other.scale || (g.store && !for_stores))
      return;
    const u32 distance = distance_of(other, values);
    const i32 before = static_cast<i32>(span.distance - distance);
    const i32 after = static_cast<i32>(distance + g.size - (span.distance + span.size));
    const i64 wider = i64{span.size} + std::max(before, 0) + std::max(after, 0);
    if (wider > widest_span_) return;
    if (before > 0) span.distance = distance;
    if (g.store) span.access = Access::kWrite;
    span.size = static_cast<u32>(wider);
    shared = true;
  };
  for (u32 n = index_; n < count_; ++n) {
    const Insn& i = block_.insns[n];
    const Guess g = guess(i, row(i));
    const bool based = i.segment == isa::kFs || i.segment == isa::kGs;
    if (n != index_ && g.operand && !based && !(i.flags & isa::insn_flag::kAddress16)) consider(address_of(i), g);
    if (n != index_ && g.stack) consider(Address{.base = isa::kEsp, .displacement = g.store ? 0u - kSlot : 0}, g);
    values.pass(i);
  }
  if (!shared) return nullptr;
  if (span.aligned) {
    // What is compared is the page of the last 16 bytes that are as aligned as these.
    const u32 before = span.multiple - span.distance;
    span.size = before + (span.size - before + 15) / 16 * 16;
  }
  return &spans_.emplace_back(span);
}

// As look_up_linear(), of the span's first byte and its last; the addend goes to the slot, too.
void BlockTranslator::look_up_span(const Span& span, const Address& a) {
  const u32 to_first = span.distance - distance_of(a, values_), to_last = to_first + span.size - 1;
  lea(esi, ptr[address(a, to_first)]);
  if (!span.aligned) {
    lea(ecx, ptr[address(a, to_last)]);
    pext(ecx, ecx, ptr[CONTEXT(page_bits)]);
  } else {
    lea(ecx, ptr[address(a, to_last - 15)]);
    pext(ecx, ecx, ptr[CONTEXT(page_and_alignment) + 4 * 4]);
  }
  compare_tag(table(span.access), static_cast<u32>(rsi.getIdx()), span.aligned ? 16 : 1);
  mov(ptr[CONTEXT(pages) + static_cast<int>(span.slot * 8)], rdi);
}

// After a handler ran out of line: looks up what later instructions rely on. Where it is not at hand, or can't be
// reached any more, they start anew as a block of their own.
void BlockTranslator::look_up_again(const Miss& m) {
  Label failed, done;
  bool any = false;
  for (const Span& s : spans_) {
    if (s.from > m.index || s.last <= m.index) continue;
    const auto holder = [&](u32 name) {
      u8 n = 0;
      while (n < 8 && m.values.of(n).name != name) ++n;
      return n;  // 8: kNoRegister
    };
    Address a{.base = holder(s.base), .index = holder(s.index), .scale = s.scale};
    const bool lost = m.values.of(a.base).name != s.base || m.values.of(a.index).name != s.index;
    any = true;
    if (lost) {
      jmp(failed, T_NEAR);
      break;
    }
    a.displacement = s.distance - distance_of(a, m.values);
    lea(esi, ptr[address(a)]);
    lea(ecx, ptr[address(a, s.size - 1)]);
    mov(edi, s.slot);
    call(cache_.writable(thunks_.look_up_again[static_cast<u32>(s.access)][static_cast<u32>(privilege_)]));
    Label found;
    jrcxz(found);
    jmp(failed, T_NEAR);
    L(found);
  }
  if (!any) return;
  jmp(done, T_NEAR);
  L(failed);
  mov(rcx, reinterpret_cast<u64>(&out_));
  mov(esi, next_eip(block_.insns[m.index]));
  if (count_ - m.index > 1) lea(r11d, ptr[r11 + static_cast<int>(count_ - m.index - 1)]);
  jmp(cache_.writable(thunks_.exit_apart), T_NEAR);
  L(done);
}

}  // namespace paemu::jit
