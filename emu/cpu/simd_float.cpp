// SSE to SSE3 arithmetic on floating-point numbers, by the host's own unit under the guest's MXCSR (SDM 1, chapters
// 10-12).
//
// The host runs each instruction with all exceptions masked, so it never signals; what it raised is in its MXCSR
// afterwards. An exception that the guest has unmasked becomes #XM, and the target stays as it was (SDM 1, 11.5). Known
// gap: beside an unmasked overflow or underflow, PE should tell of the result with an unbounded exponent; ours tells of
// the result that the masked response delivers.
#include "cpu/simd_float.hpp"

namespace paemu {

using namespace simd;

namespace {

// Whether an instruction can raise underflow, and in which lanes its results are.
enum class Lanes : u8 { kNeverTiny, kSingle, kSingles, kDouble, kDoubles };

// Are there denormal results? With underflow unmasked they raise it even when exact (SDM 1, 4.9.1.5), which the host,
// whose exceptions are masked, does not tell.
bool tiny(const Xmm& v, Lanes lanes) {
  u32 singles[4];
  u64 doubles[2];
  std::memcpy(singles, &v, 16);
  std::memcpy(doubles, &v, 16);
  const auto single = [&](u32 n) { return (singles[n] >> 23 & 0xff) == 0 && singles[n] << 1 != 0; };
  const auto twice = [&](u32 n) { return (doubles[n] >> 52 & 0x7ff) == 0 && doubles[n] << 1 != 0; };
  switch (lanes) {
    case Lanes::kNeverTiny: return false;
    case Lanes::kSingle: return single(0);
    case Lanes::kSingles: return single(0) || single(1) || single(2) || single(3);
    case Lanes::kDouble: return twice(0);
    case Lanes::kDoubles: return twice(0) || twice(1);
  }
  return false;
}

// The target of a scalar or packed operation is register reg; the operand is `size` bytes of rm.
template <class Operate>
Outcome on_float(Cpu& cpu, const Insn& i, u32 size, Lanes lanes, Operate operate) {
  Xmm source;
  if (!sse_available(cpu) || !read_operand(cpu, i, size, source)) return Outcome::kFault;
  Xmm target = get_xmm(cpu, i.reg);
  u32 word = host_word(cpu);
  operate(target, source, word);
  if (underflow_unmasked(cpu) && tiny(target, lanes)) [[unlikely]]
    word |= mxcsr::kUnderflow;
  if (!take_exceptions(cpu, word)) return Outcome::kFault;
  set_xmm(cpu, i.reg, target);
  return Outcome::kNext;
}

}  // namespace

#define FLOAT(name, size, lanes) \
  Outcome sem_##name(Cpu& cpu, const Insn& i) { return on_float(cpu, i, size, Lanes::lanes, HOST_FLOAT(#name)); }
#define ALL_FORMS(name, single, singles, both, doubles) \
  FLOAT(name##ss, 4, single) FLOAT(name##ps, 16, singles) FLOAT(name##sd, 8, both) FLOAT(name##pd, 16, doubles)
#define ARITHMETIC(name) ALL_FORMS(name, kSingle, kSingles, kDouble, kDoubles)
#define NEVER_TINY(name) ALL_FORMS(name, kNeverTiny, kNeverTiny, kNeverTiny, kNeverTiny)

ARITHMETIC(add)
ARITHMETIC(sub)
ARITHMETIC(mul)
ARITHMETIC(div)
NEVER_TINY(min)
NEVER_TINY(max)
NEVER_TINY(sqrt)
FLOAT(haddps, 16, kSingles)
FLOAT(haddpd, 16, kDoubles)
FLOAT(hsubps, 16, kSingles)
FLOAT(hsubpd, 16, kDoubles)
FLOAT(addsubps, 16, kSingles)
FLOAT(addsubpd, 16, kDoubles)

// Conversions from register to register of the same file.
FLOAT(cvtps2pd, 8, kNeverTiny)
FLOAT(cvtpd2ps, 16, kSingles)
FLOAT(cvtss2sd, 4, kNeverTiny)
FLOAT(cvtsd2ss, 8, kSingle)
FLOAT(cvtdq2ps, 16, kNeverTiny)
FLOAT(cvtdq2pd, 8, kNeverTiny)
FLOAT(cvtps2dq, 16, kNeverTiny)
FLOAT(cvttps2dq, 16, kNeverTiny)
FLOAT(cvtpd2dq, 16, kNeverTiny)
FLOAT(cvttpd2dq, 16, kNeverTiny)

// CMPccPS and kin: the immediate's low three bits are the predicate (SDM 2, CMPPD).
#define COMPARE(suffix, size)                                                                                         \
  Outcome sem_cmp##suffix(Cpu& cpu, const Insn& i) {                                                                  \
    static constexpr HostFloat kPredicates[8] = {HOST_FLOAT("cmp" #suffix " $0,"), HOST_FLOAT("cmp" #suffix " $1,"),  \
                                                 HOST_FLOAT("cmp" #suffix " $2,"), HOST_FLOAT("cmp" #suffix " $3,"),  \
                                                 HOST_FLOAT("cmp" #suffix " $4,"), HOST_FLOAT("cmp" #suffix " $5,"),  \
                                                 HOST_FLOAT("cmp" #suffix " $6,"), HOST_FLOAT("cmp" #suffix " $7,")}; \
    return on_float(cpu, i, size, Lanes::kNeverTiny, kPredicates[i.immediate & 7]);                                   \
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
