// SSE to SSE3 arithmetic on floating-point numbers as semantics with forms: a row an instruction, executed by the
// host's own. The quick form is for a lent MXCSR (cpu/host_fpu.hpp); all else is on_float().
#pragma once

#include "cpu/simd_float.hpp"
#include "cpu/simd_precision.hpp"

namespace paemu {

namespace simd {

// The form that can do everything: the target is register reg, the operand `size` bytes of rm.
Outcome on_float(Cpu& cpu, const Insn& i, u32 size, const Arithmetic& arithmetic, HostFloat operate);

}  // namespace simd

namespace semantic {

template <class Instruction>
struct OnFloat {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if constexpr (!Mode::kFast) {
      return simd::on_float(c, i, Instruction::kSize, Instruction::kArithmetic, Instruction::operate);
    } else {
      simd::Xmm source{};
      if (!(c.lent_fpu & lent::kMxcsr) || !simd::read_rm<Instruction::kSize, Rm>(c, i, source)) [[unlikely]]
        return Outcome::kSlow;
      simd::Xmm target = simd::get_xmm(c, i.reg);
      Instruction::operate(target, source);
      simd::set_xmm(c, i.reg, target);
      return Outcome::kNext;
    }
  }
};

#define FLOAT(name, size, ...)                                                                                  \
  struct name : OnFloat<name> {                                                                                 \
    static constexpr u32 kSize = size;                                                                          \
    static constexpr simd::Arithmetic kArithmetic{__VA_ARGS__};                                                 \
    static void operate(simd::Xmm& a, const simd::Xmm& b) { asm volatile(#name " %1, %0" : "+x"(a) : "x"(b)); } \
  };
#define ARITHMETIC(name, operation)                         \
  FLOAT(name##ss, 4, simd::Operation::operation, false, 1)  \
  FLOAT(name##ps, 16, simd::Operation::operation, false, 4) \
  FLOAT(name##sd, 8, simd::Operation::operation, true, 1)   \
  FLOAT(name##pd, 16, simd::Operation::operation, true, 2)
#define IN_RANGE(name) FLOAT(name##ss, 4) FLOAT(name##ps, 16) FLOAT(name##sd, 8) FLOAT(name##pd, 16)

ARITHMETIC(add, kAdd)
ARITHMETIC(sub, kSubtract)
ARITHMETIC(mul, kMultiply)
ARITHMETIC(div, kDivide)
IN_RANGE(min)
IN_RANGE(max)
IN_RANGE(sqrt)
FLOAT(haddps, 16, simd::Operation::kAdd, false, 4, simd::Arithmetic::Pairs::kWithin)
FLOAT(haddpd, 16, simd::Operation::kAdd, true, 2, simd::Arithmetic::Pairs::kWithin)
FLOAT(hsubps, 16, simd::Operation::kSubtract, false, 4, simd::Arithmetic::Pairs::kWithin)
FLOAT(hsubpd, 16, simd::Operation::kSubtract, true, 2, simd::Arithmetic::Pairs::kWithin)
FLOAT(addsubps, 16, simd::Operation::kAdd, false, 4, simd::Arithmetic::Pairs::kAlternate)
FLOAT(addsubpd, 16, simd::Operation::kAdd, true, 2, simd::Arithmetic::Pairs::kAlternate)

// Conversions from register to register of the same file.
FLOAT(cvtpd2ps, 16, simd::Operation::kNarrow, true, 2)
FLOAT(cvtsd2ss, 8, simd::Operation::kNarrow, true, 1)
FLOAT(cvtps2pd, 8)
FLOAT(cvtss2sd, 4)
FLOAT(cvtdq2ps, 16)
FLOAT(cvtdq2pd, 8)
FLOAT(cvtps2dq, 16)
FLOAT(cvttps2dq, 16)
FLOAT(cvtpd2dq, 16)
FLOAT(cvttpd2dq, 16)

#undef IN_RANGE
#undef ARITHMETIC
#undef FLOAT

}  // namespace semantic
}  // namespace paemu
