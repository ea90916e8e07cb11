// DAA, DAS, AAA, AAS, AAM, AAD (SDM 2; SDM 1, 7.3.2). What is left undefined follows Intel's processors: OF is cleared,
// and AAA and AAS set SF, ZF and PF by AL.
#include "cpu/semantics.hpp"

namespace paemu {
namespace {

void set_al_flags(Cpu& c, u8 al, bool cf, bool af) {
  c.lazy.set_logic<u8>(al);
  c.lazy.set(c.lazy.get() | (cf ? eflag::kCarry : 0) | (af ? eflag::kAdjust : 0));
}

// sign: +1 for DAA, -1 for DAS.
Outcome decimal_adjust(Cpu& c, int sign) {
  const u8 old_al = c.reg<u8>(isa::kEax);
  const bool old_cf = c.lazy.carry(), old_af = c.lazy.adjust();
  const bool adjust_low = (old_al & 0xf) > 9 || old_af;
  const bool adjust_high = old_al > 0x99 || old_cf;
  int al = old_al;
  bool cf = false;
  if (adjust_low) {
    al += sign * 6;
    cf = old_cf || al < 0 || al > 0xff;
  }
  if (adjust_high) al += sign * 0x60;
  cf = adjust_high || cf;
  c.set_reg<u8>(isa::kEax, static_cast<u8>(al));
  set_al_flags(c, static_cast<u8>(al), cf, adjust_low);
  return Outcome::kNext;
}

Outcome ascii_adjust(Cpu& c, int sign) {
  const bool adjust = (c.reg<u8>(isa::kEax) & 0xf) > 9 || c.lazy.adjust();
  // The 16-bit form of Intel's processors since the 286: 6 is added to AX, carrying into AH, then 1 to AH.
  if (adjust) c.set_reg<u16>(isa::kEax, static_cast<u16>(c.reg<u16>(isa::kEax) + sign * 0x106));
  const u8 al = c.reg<u8>(isa::kEax) & 0xf;
  c.set_reg<u8>(isa::kEax, al);
  set_al_flags(c, al, adjust, adjust);
  return Outcome::kNext;
}

}  // namespace

Outcome sem_daa(Cpu& c, const Insn&) { return decimal_adjust(c, +1); }
Outcome sem_das(Cpu& c, const Insn&) { return decimal_adjust(c, -1); }
Outcome sem_aaa(Cpu& c, const Insn&) { return ascii_adjust(c, +1); }
Outcome sem_aas(Cpu& c, const Insn&) { return ascii_adjust(c, -1); }

Outcome sem_aam(Cpu& c, const Insn& i) {
  const u8 base = static_cast<u8>(i.immediate);
  if (base == 0) return c.raise(Vector::kDivideError);
  const u8 al = c.reg<u8>(isa::kEax);
  c.set_reg<u16>(isa::kEax, static_cast<u16>((al / base) << 8 | al % base));
  set_al_flags(c, al % base, false, false);
  return Outcome::kNext;
}

Outcome sem_aad(Cpu& c, const Insn& i) {
  const u16 ax = c.reg<u16>(isa::kEax);
  const u8 al = static_cast<u8>((ax & 0xff) + (ax >> 8) * i.immediate);
  c.set_reg<u16>(isa::kEax, al);
  set_al_flags(c, al, false, false);
  return Outcome::kNext;
}

}  // namespace paemu
