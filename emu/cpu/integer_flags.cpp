// SAHF, LAHF, CMC, CLC, STC, CLD, STD, SALC, and small instructions that fit nowhere else: XLAT, CMPXCHG8B, BOUND, UD2.
#include "cpu/semantics.hpp"

namespace paemu {

Outcome sem_sahf(Cpu& c, const Insn&) {
  constexpr u32 kFromAh = eflag::kSign | eflag::kZero | eflag::kAdjust | eflag::kParity | eflag::kCarry;
  c.lazy.set((c.lazy.get() & eflag::kOverflow) | (c.reg<u8>(4) & kFromAh));
  return Outcome::kNext;
}
Outcome sem_lahf(Cpu& c, const Insn&) {
  c.set_reg<u8>(4, static_cast<u8>(c.flags()));
  return Outcome::kNext;
}
Outcome sem_cmc(Cpu& c, const Insn&) {
  c.lazy.set_carry(!c.lazy.carry());
  return Outcome::kNext;
}
Outcome sem_clc(Cpu& c, const Insn&) {
  c.lazy.set_carry(false);
  return Outcome::kNext;
}
Outcome sem_stc(Cpu& c, const Insn&) {
  c.lazy.set_carry(true);
  return Outcome::kNext;
}
Outcome sem_cld(Cpu& c, const Insn&) {
  c.state.eflags &= ~eflag::kDirection;
  return Outcome::kNext;
}
Outcome sem_std(Cpu& c, const Insn&) {
  c.state.eflags |= eflag::kDirection;
  return Outcome::kNext;
}
// Not in the manual's list, but in every processor: AL = CF ? ff : 0.
Outcome sem_salc(Cpu& c, const Insn&) {
  c.set_reg<u8>(isa::kEax, c.lazy.carry() ? 0xff : 0);
  return Outcome::kNext;
}

Outcome sem_xlat(Cpu& c, const Insn& i) {
  const bool address16 = i.flags & isa::insn_flag::kAddress16;
  u32 offset = c.state.gpr[isa::kEbx] + c.reg<u8>(isa::kEax);
  if (address16) offset &= 0xffff;
  u8 v;
  if (!c.load(i.segment, offset, v)) return Outcome::kFault;
  c.set_reg<u8>(isa::kEax, v);
  return Outcome::kNext;
}

Outcome sem_cmpxchg8b(Cpu& c, const Insn& i) {
  u64 v;
  if (!c.load_for_write(i, v)) return Outcome::kFault;
  u32* gpr = c.state.gpr;
  const u64 expected = u64{gpr[isa::kEdx]} << 32 | gpr[isa::kEax];
  const bool equal = v == expected;
  // Memory is always written (SDM 2A, CMPXCHG8B).
  if (!c.store<u64>(i, equal ? u64{gpr[isa::kEcx]} << 32 | gpr[isa::kEbx] : v)) return Outcome::kFault;
  if (!equal) {
    gpr[isa::kEax] = static_cast<u32>(v);
    gpr[isa::kEdx] = static_cast<u32>(v >> 32);
  }
  const u32 flags = c.lazy.get();
  c.lazy.set(equal ? flags | eflag::kZero : flags & ~eflag::kZero);
  return Outcome::kNext;
}

namespace {

template <class T>
Outcome bound(Cpu& c, const Insn& i) {
  const u32 a = c.effective_address(i);
  const u32 b = (a + static_cast<u32>(sizeof(T))) & ((i.flags & isa::insn_flag::kAddress16) ? 0xffffu : ~0u);
  T lower, upper;
  if (!c.load(i.segment, a, lower) || !c.load(i.segment, b, upper)) return Outcome::kFault;
  const T value = static_cast<T>(c.state.gpr[i.reg]);
  if (value < lower || value > upper) return c.raise(Vector::kBoundRange);
  return Outcome::kNext;
}

}  // namespace

Outcome sem_bound(Cpu& c, const Insn& i) {
  return (i.flags & isa::insn_flag::kOperand16) ? bound<i16>(c, i) : bound<i32>(c, i);
}

Outcome sem_ud2(Cpu& c, const Insn&) { return c.undefined(); }

}  // namespace paemu
