// SSE to SSE3 arithmetic on floating-point numbers, by the host's own unit under the guest's MXCSR (SDM 1, chapters
// 10-12).
//
// The host runs each instruction with all exceptions masked, so it never signals; what it raised is in its MXCSR
// afterwards. An exception that the guest has unmasked becomes #XM, and the target stays as it was (SDM 1, 11.5).
#include "cpu/simd_float.hpp"

#include "cpu/simd_precision.hpp"

namespace paemu {

using namespace simd;

namespace {

// The target of a scalar or packed operation is register reg; the operand is `size` bytes of rm.
template <class Operate>
Outcome on_float(Cpu& cpu, const Insn& i, u32 size, const Arithmetic& arithmetic, Operate operate) {
  Xmm source;
  if (!sse_available(cpu) || !read_operand(cpu, i, size, source)) return Outcome::kFault;
  const Xmm before = get_xmm(cpu, i.reg);
  Xmm target = before;
  u32 word = host_word(cpu);
  operate(target, source, word);
  if (underflow_unmasked(cpu) && has_tiny(arithmetic, target)) [[unlikely]]
    word |= mxcsr::kUnderflow;
  const u32 guest = cpu.state.fpu.mxcsr;
  if (word & ~(guest >> mxcsr::kMaskShift) & (mxcsr::kOverflow | mxcsr::kUnderflow)) [[unlikely]] {
    cpu.settle_fpu();
    word = (word & ~mxcsr::kPrecision) | (inexact(arithmetic, before, source, guest) ? mxcsr::kPrecision : 0);
  }
  if (!take_exceptions(cpu, word)) return Outcome::kFault;
  set_xmm(cpu, i.reg, target);
  return Outcome::kNext;
}

using Pairs = Arithmetic::Pairs;

}  // namespace

#define FLOAT(name, size, ...)                                                 \
  Outcome sem_##name(Cpu& cpu, const Insn& i) {                                \
    return on_float(cpu, i, size, Arithmetic{__VA_ARGS__}, HOST_FLOAT(#name)); \
  }
#define ARITHMETIC(name, operation)                   \
  FLOAT(name##ss, 4, Operation::operation, false, 1)  \
  FLOAT(name##ps, 16, Operation::operation, false, 4) \
  FLOAT(name##sd, 8, Operation::operation, true, 1)   \
  FLOAT(name##pd, 16, Operation::operation, true, 2)
#define IN_RANGE(name) FLOAT(name##ss, 4) FLOAT(name##ps, 16) FLOAT(name##sd, 8) FLOAT(name##pd, 16)

ARITHMETIC(add, kAdd)
ARITHMETIC(sub, kSubtract)
ARITHMETIC(mul, kMultiply)
ARITHMETIC(div, kDivide)
IN_RANGE(min)
IN_RANGE(max)
IN_RANGE(sqrt)
FLOAT(haddps, 16, Operation::kAdd, false, 4, Pairs::kWithin)
FLOAT(haddpd, 16, Operation::kAdd, true, 2, Pairs::kWithin)
FLOAT(hsubps, 16, Operation::kSubtract, false, 4, Pairs::kWithin)
FLOAT(hsubpd, 16, Operation::kSubtract, true, 2, Pairs::kWithin)
FLOAT(addsubps, 16, Operation::kAdd, false, 4, Pairs::kAlternate)
FLOAT(addsubpd, 16, Operation::kAdd, true, 2, Pairs::kAlternate)

// Conversions from register to register of the same file.
FLOAT(cvtpd2ps, 16, Operation::kNarrow, true, 2)
FLOAT(cvtsd2ss, 8, Operation::kNarrow, true, 1)
FLOAT(cvtps2pd, 8)
FLOAT(cvtss2sd, 4)
FLOAT(cvtdq2ps, 16)
FLOAT(cvtdq2pd, 8)
FLOAT(cvtps2dq, 16)
FLOAT(cvttps2dq, 16)
FLOAT(cvtpd2dq, 16)
FLOAT(cvttpd2dq, 16)

// CMPccPS and kin: the immediate's low three bits are the predicate (SDM 2, CMPPD).
#define COMPARE(suffix, size)                                                                                         \
  Outcome sem_cmp##suffix(Cpu& cpu, const Insn& i) {                                                                  \
    static constexpr HostFloat kPredicates[8] = {HOST_FLOAT("cmp" #suffix " $0,"), HOST_FLOAT("cmp" #suffix " $1,"),  \
                                                 HOST_FLOAT("cmp" #suffix " $2,"), HOST_FLOAT("cmp" #suffix " $3,"),  \
                                                 HOST_FLOAT("cmp" #suffix " $4,"), HOST_FLOAT("cmp" #suffix " $5,"),  \
                                                 HOST_FLOAT("cmp" #suffix " $6,"), HOST_FLOAT("cmp" #suffix " $7,")}; \
    return on_float(cpu, i, size, Arithmetic{}, kPredicates[i.immediate & 7]);                                        \
  }
COMPARE(ps, 16)
COMPARE(pd, 16)
COMPARE(ss, 4)
COMPARE(sd, 8)

// COMISS and kin: ZF, PF and CF are the result; OF, SF and AF are cleared.
#define COMPARE_FLAGS(name, size)                                                          \
  Outcome sem_##name(Cpu& cpu, const Insn& i) {                                            \
    Xmm b;                                                                                 \
    if (!sse_available(cpu) || !read_operand(cpu, i, size, b)) return Outcome::kFault;     \
    const Xmm a = get_xmm(cpu, i.reg);                                                     \
    u32 word = host_word(cpu);                                                             \
    bool carry, parity, zero;                                                              \
    asm volatile("ldmxcsr %[word]\n" #name " %[b], %[a]\nstmxcsr %[word]\nldmxcsr %[host]" \
                 : "=@ccc"(carry), "=@ccp"(parity), "=@ccz"(zero), [word] "+m"(word)       \
                 : [a] "x"(a), [b] "x"(b), [host] "m"(kHostMxcsr));                        \
    if (!take_exceptions(cpu, word)) return Outcome::kFault;                               \
    cpu.set_flags((cpu.state.eflags & ~eflag::kArithmetic) | (carry ? eflag::kCarry : 0) | \
                  (parity ? eflag::kParity : 0) | (zero ? eflag::kZero : 0));              \
    return Outcome::kNext;                                                                 \
  }
COMPARE_FLAGS(comiss, 4)
COMPARE_FLAGS(ucomiss, 4)
COMPARE_FLAGS(comisd, 8)
COMPARE_FLAGS(ucomisd, 8)

}  // namespace paemu
