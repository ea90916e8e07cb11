// Packed integers on XMM registers as semantics with forms: a line an instruction of simd_integer.inc, executed by the
// host's own.
#pragma once

#include "cpu/simd.hpp"

namespace paemu::semantic {

template <class Instruction>
struct OnXmm {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    simd::Xmm source;
    if (!sse_ready<Mode>(c) || !simd::read_rm<16, Rm>(c, i, source)) return Mode::kMiss;
    simd::Xmm target = simd::get_xmm(c, i.reg);
    Instruction::operate(target, source);
    simd::set_xmm(c, i.reg, target);
    return Outcome::kNext;
  }
};

#define XMM(name)                                                                                      \
  struct name##_xmm : OnXmm<name##_xmm> {                                                              \
    static void operate(simd::Xmm& a, const simd::Xmm& b) { asm(#name " %1, %0" : "+x"(a) : "x"(b)); } \
  };
#define MMX_LOW(name)
#define BOTH(name) XMM(name)
#define SHIFT(name) XMM(name)
#include "cpu/simd_integer.inc"
#undef SHIFT
#undef BOTH
#undef MMX_LOW
#undef XMM

}  // namespace paemu::semantic
