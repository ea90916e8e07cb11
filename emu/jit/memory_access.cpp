// Memory operands: looked up in the fast TLB in line; a miss goes to the handler of the whole instruction.
#include "jit/block_translator.hpp"

namespace paemu::jit {

using namespace Xbyak;

bool BlockTranslator::reachable(const Insn& i, Access access) const {
  if (i.flags & isa::insn_flag::kAddress16) return false;
  return !(i.segment == isa::kCs && access == Access::kWrite);
}

RegExp BlockTranslator::address(const Address& a, u32 more) const {
  RegExp e;
  if (a.base != isa::kNoRegister) e = e + guest64(a.base);
  if (a.index != isa::kNoRegister) e = e + guest64(a.index) * (1 << a.scale);
  return e + static_cast<int>(a.displacement + more);
}

void BlockTranslator::encode(const Opcode& op, u8 reg, const HostOperand& rm) {
  if (rm.memory && rm.window) {
    missed();
    window_accesses_.push_back({getSize(), &misses_.back()});
  }
  Assembler::encode(op, reg, rm);
}

// low_index: no REX prefix may be wanted, as one of AH to BH takes part.
HostOperand BlockTranslator::in_window(const Address& a, bool low_index) {
  HostOperand at{.memory = true, .window = true, .scale = a.scale, .displacement = a.displacement};
  if (a.base != isa::kNoRegister) at.base = kHostRegister[a.base];
  if (a.index != isa::kNoRegister) at.index = kHostRegister[a.index];
  const auto extended = [](u8 n) { return n != HostOperand::kNone && (n & 8); };
  if (!low_index || !(extended(at.base) || extended(at.index))) return at;
  lea(esi, ptr[address(a)]);
  return HostOperand{.memory = true, .window = true, .base = static_cast<u8>(rsi.getIdx())};
}

Reg32 BlockTranslator::linear_address(const HostOperand& at) {
  if (!at.window) return Reg32(at.number);
  if (at.displacement == 0 && at.index == HostOperand::kNone && at.base != HostOperand::kNone) return Reg32(at.base);
  const Address a{.base = at.base, .index = at.index, .scale = at.scale, .displacement = at.displacement};
  RegExp e;
  if (a.base != HostOperand::kNone) e = e + Reg64(a.base);
  if (a.index != HostOperand::kNone) e = e + Reg64(a.index) * (1 << a.scale);
  if (a.base == HostOperand::kNone && a.index == HostOperand::kNone)
    mov(esi, a.displacement);
  else
    lea(esi, ptr[e + static_cast<int>(a.displacement)]);
  return esi;
}

HostOperand BlockTranslator::look_up(const Insn& i, u32 size, Access access, Alignment alignment, bool low_index) {
  const bool based = i.segment == isa::kFs || i.segment == isa::kGs;
  if (!based) return look_up(address_of(i), size, access, alignment, low_index);
  if (i.base == isa::kNoRegister && i.index == isa::kNoRegister)
    mov(esi, i.displacement);
  else
    lea(esi, ptr[address(i)]);
  // A segment whose limit is the whole address space: its window ends at 4 GiB. All others are the handler's.
  Label whole;
  mov(rcx, ptr[in_cpu(cpu_.window_end(i.segment, access))]);
  rorx(rcx, rcx, 32);
  lea(ecx, ptr[rcx - 1]);
  jrcxz(whole);
  jmp(missed(), T_NEAR);
  L(whole);
  mov(ecx, ptr[in_cpu(&cpu_.state.segment[i.segment].base)]);
  if (row(i).attributes & isa::attribute::kFpu) mov(ptr[CONTEXT(spare)], esi);
  lea(esi, ptr[rsi + rcx]);
  return look_up_esi(size, access, alignment);
}

HostOperand BlockTranslator::look_up_esi(u32 size, Access access, Alignment alignment) {
  const u8 linear = static_cast<u8>(rsi.getIdx());
  if (window_) return HostOperand{.memory = true, .window = true, .base = linear};
  look_up_linear(linear, size, access, alignment);
  return HostOperand::at(linear);
}

HostOperand BlockTranslator::look_up(const Address& a, u32 size, Access access, Alignment alignment, bool low_index) {
  if (window_) return in_window(a, low_index);
  const u8 scratch = static_cast<u8>(rsi.getIdx());
  if (a.base == isa::kNoRegister && a.index == isa::kNoRegister) {
    const u32 at = a.displacement;
    mov(esi, at);
    if (((at ^ (at + size - 1)) & ~kPageMask) == 0 && (alignment != Alignment::kRequired16 || at % 16 == 0))
      look_up_constant(at, access);
    else
      look_up_linear(scratch, size, access, alignment);
    return HostOperand::at(scratch);
  }
  const bool plain_register =
      a.base != isa::kNoRegister && a.index == isa::kNoRegister && a.displacement == 0 && !low_index;
  const u8 linear = plain_register ? kHostRegister[a.base] : scratch;
  if (Span* known = known_span(a, size, access, alignment); known != nullptr) {
    if (in_rdi_ != known->slot) mov(rdi, ptr[CONTEXT(pages) + static_cast<int>(known->slot * 8)]);
    in_rdi_ = known->slot;
  } else if (const Span* span = new_span(a, size, access, alignment); span != nullptr) {
    look_up_span(*span, a);
    in_rdi_ = span->slot;
  } else {
    if (!plain_register) lea(esi, ptr[address(a)]);
    look_up_linear(linear, size, access, alignment);
    return HostOperand::at(linear);
  }
  if (!plain_register) lea(esi, ptr[address(a)]);
  return HostOperand::at(linear);
}

// The look into the table (FastTable) with three ways to see to it that the last byte is in the same page: the address
// is aligned, or the page compared is the last byte's.
void BlockTranslator::look_up_linear(u32 linear, u32 size, Access access, Alignment alignment) {
  in_rdi_ = kNoSlot;
  const Reg64 at(static_cast<int>(linear));
  if (alignment == Alignment::kAny && size > 1) {
    lea(ecx, ptr[at + static_cast<int>(size - 1)]);
    pext(ecx, ecx, ptr[CONTEXT(page_bits)]);
  } else {
    u32 log = 0;
    while (alignment != Alignment::kAny && (1u << log) < size) ++log;
    pext(ecx, at.cvt32(), ptr[CONTEXT(page_and_alignment) + static_cast<int>(log * 4)]);
  }
  compare_tag(table(access), linear, alignment == Alignment::kAny ? 1 : size);
}

// ecx: the page that is wanted, above log2(unit) low bits of an address that have to be zero. rdi
// becomes the addend of the entry for `linear`.
void BlockTranslator::compare_tag(const FastTable& t, u32 linear, u32 unit) {
  Label hit;
  pext(edi, Reg32(static_cast<int>(linear)), ptr[CONTEXT(index_bits)]);
  mov(r8d, ptr[in_cpu(t.tag) + rdi * 4]);
  if (unit == 1) {
    lea(ecx, ptr[rcx + r8]);
  } else if (unit <= 8) {
    lea(ecx, ptr[rcx + r8 * static_cast<int>(unit)]);
  } else {
    lea(r8d, ptr[r8 + r8]);
    lea(ecx, ptr[rcx + r8 * 8]);
  }
  jrcxz(hit);
  jmp(missed(), T_NEAR);
  L(hit);
  mov(rdi, ptr[in_cpu(t.addend) + rdi * 8]);
}

void BlockTranslator::look_up_constant(u32 linear, Access access) {
  const FastTable& t = table(access);
  in_rdi_ = kNoSlot;
  const u32 n = FastTable::index_of(linear);
  Label hit;
  mov(ecx, ptr[in_cpu(&t.tag[n])]);
  lea(ecx, ptr[rcx + static_cast<int>(linear >> kPageShift)]);
  jrcxz(hit);
  jmp(missed(), T_NEAR);
  L(hit);
  mov(rdi, ptr[in_cpu(&t.addend[n])]);
}

}  // namespace paemu::jit
