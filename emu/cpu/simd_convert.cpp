// Conversions between floating-point numbers and integers in general or MMX registers (SDM 2, CVTxx), and the estimates
// RCPPS and RSQRTPS.
#include <cmath>

#include "cpu/simd_float.hpp"

namespace paemu {

using namespace simd;

// --- General registers.

#define FROM_INTEGER(name)                                                                                    \
  Outcome sem_##name(Cpu& cpu, const Insn& i) {                                                               \
    u32 value;                                                                                                \
    if (!sse_available(cpu) || !cpu.read_rm(i, value)) return Outcome::kFault;                                \
    Xmm target = get_xmm(cpu, i.reg);                                                                         \
    const u32 raised = under_mxcsr(cpu, [&] { asm volatile(#name "l %1, %0" : "+x"(target) : "r"(value)); }); \
    if (!take_exceptions(cpu, raised)) return Outcome::kFault;                                                \
    set_xmm(cpu, i.reg, target);                                                                              \
    return Outcome::kNext;                                                                                    \
  }
FROM_INTEGER(cvtsi2ss)
FROM_INTEGER(cvtsi2sd)

#define TO_INTEGER(name, size)                                                                               \
  Outcome sem_##name(Cpu& cpu, const Insn& i) {                                                              \
    Xmm source;                                                                                              \
    if (!sse_available(cpu) || !read_operand(cpu, i, size, source)) return Outcome::kFault;                  \
    u32 value;                                                                                               \
    const u32 raised = under_mxcsr(cpu, [&] { asm volatile(#name " %1, %0" : "=r"(value) : "x"(source)); }); \
    if (!take_exceptions(cpu, raised)) return Outcome::kFault;                                               \
    cpu.state.gpr[i.reg] = value;                                                                            \
    return Outcome::kNext;                                                                                   \
  }
TO_INTEGER(cvtss2si, 4)
TO_INTEGER(cvttss2si, 4)
TO_INTEGER(cvtsd2si, 8)
TO_INTEGER(cvttsd2si, 8)

// --- MMX registers. The host works on XMM registers, whose upper halves are zero and thus raise nothing.

namespace {

template <class Operate>
Outcome to_mmx(Cpu& cpu, const Insn& i, u32 size, Operate operate) {
  Xmm source;
  if (!sse_available(cpu) || !mmx_available(cpu) || !read_operand(cpu, i, size, source)) return Outcome::kFault;
  if (size == 8) source[1] = 0;
  Xmm result{};
  if (!take_exceptions(cpu, under_mxcsr(cpu, [&] { operate(result, source); }))) return Outcome::kFault;
  enter_mmx(cpu);
  set_mmx(cpu, i.reg, static_cast<u64>(result[0]));
  return Outcome::kNext;
}

// CVTPI2PD from memory leaves the x87 state alone and reports no pending exception of it; CVTPI2PS does both as with an
// MMX register (SDM 2, CVTPI2PD and CVTPI2PS).
bool read_source(Cpu& cpu, const Insn& i, bool mmx, u64& source) {
  return sse_available(cpu) && (!mmx || mmx_available(cpu)) && read_mmx_operand(cpu, i, source);
}

}  // namespace

Outcome sem_cvtps2pi(Cpu& cpu, const Insn& i) { return to_mmx(cpu, i, 8, HOST_FLOAT("cvtps2dq")); }
Outcome sem_cvttps2pi(Cpu& cpu, const Insn& i) { return to_mmx(cpu, i, 8, HOST_FLOAT("cvttps2dq")); }
Outcome sem_cvtpd2pi(Cpu& cpu, const Insn& i) { return to_mmx(cpu, i, 16, HOST_FLOAT("cvtpd2dq")); }
Outcome sem_cvttpd2pi(Cpu& cpu, const Insn& i) { return to_mmx(cpu, i, 16, HOST_FLOAT("cvttpd2dq")); }

Outcome sem_cvtpi2ps(Cpu& cpu, const Insn& i) {
  u64 source;
  if (!read_source(cpu, i, true, source)) return Outcome::kFault;
  Xmm result{};
  const Xmm integers{static_cast<long long>(source), 0};
  const u32 raised = under_mxcsr(cpu, [&] { HOST_FLOAT("cvtdq2ps")(result, integers); });
  if (!take_exceptions(cpu, raised)) return Outcome::kFault;
  enter_mmx(cpu);
  set_xmm(cpu, i.reg, Xmm{result[0], get_xmm(cpu, i.reg)[1]});
  return Outcome::kNext;
}

// Exact, so MXCSR plays no part.
Outcome sem_cvtpi2pd(Cpu& cpu, const Insn& i) {
  u64 source;
  if (!read_source(cpu, i, !is_memory(i), source)) return Outcome::kFault;
  if (!is_memory(i)) enter_mmx(cpu);
  Xmm result;
  asm("cvtdq2pd %1, %0" : "=x"(result) : "x"(Xmm{static_cast<long long>(source), 0}));
  set_xmm(cpu, i.reg, result);
  return Outcome::kNext;
}

// --- Estimates. The manual only bounds their error, by 1.5 * 2^-12, and processors differ; a guest must see the same
// everywhere. Our rule: the exact value rounded to 12 bits of significand. They raise nothing and ignore MXCSR.

namespace {

constexpr u32 kSignBit = 1u << 31, kInfinity = 0x7f800000, kQuiet = 1u << 22, kDefaultNan = 0xffc00000;

bool is_nan(u32 v) { return (v & ~kSignBit) > kInfinity; }
bool zero_or_denormal(u32 v) { return (v & kInfinity) == 0; }

double to_double(u32 bits) {
  float f;
  std::memcpy(&f, &bits, 4);
  return f;
}

// `v` is positive and finite, so that rounding is an addition to its bits.
u32 rounded_to_12_bits(double v, u32 sign) {
  u64 bits;
  std::memcpy(&bits, &v, 8);
  bits += u64{1} << 40;  // half of the last of 11 fraction bits
  const u32 exponent = static_cast<u32>(bits >> 52), fraction = static_cast<u32>(bits >> 41 & 0x7ff) << 12;
  if (exponent <= 1023 - 127) return sign;  // a tiny result is zero
  return sign | (exponent - (1023 - 127)) << 23 | fraction;
}

u32 reciprocal(u32 v) {
  const u32 sign = v & kSignBit;
  if (is_nan(v)) return v | kQuiet;
  if (zero_or_denormal(v)) return sign | kInfinity;
  if ((v & ~kSignBit) == kInfinity) return sign;
  return rounded_to_12_bits(1.0 / to_double(v & ~kSignBit), sign);
}

u32 reciprocal_root(u32 v) {
  if (is_nan(v)) return v | kQuiet;
  if (zero_or_denormal(v)) return (v & kSignBit) | kInfinity;
  if (v & kSignBit) return kDefaultNan;
  if (v == kInfinity) return 0;
  return rounded_to_12_bits(1.0 / std::sqrt(to_double(v)), 0);
}

// The emulator's own word in MXCSR, while it computes between two instructions that have the guest's there. Returning
// it would cost the loan, and with it translated code its way on.
class OwnMxcsr {
 public:
  explicit OwnMxcsr(const Cpu& cpu) : lent_(cpu.lent_fpu & lent::kMxcsr) {
    if (lent_) asm volatile("stmxcsr %0\nldmxcsr %1" : "=m"(guests_) : "m"(kHostMxcsr));
  }
  OwnMxcsr(const OwnMxcsr&) = delete;
  OwnMxcsr& operator=(const OwnMxcsr&) = delete;
  ~OwnMxcsr() {
    if (lent_) asm volatile("ldmxcsr %0" : : "m"(guests_));
  }

 private:
  const bool lent_;
  u32 guests_ = 0;
};

Outcome estimate(Cpu& cpu, const Insn& i, u32 size, u32 (*function)(u32)) {
  Xmm source;
  if (!sse_available(cpu) || !read_operand(cpu, i, size, source)) return Outcome::kFault;
  u32 lanes[4];
  std::memcpy(lanes, &source, 16);
  const OwnMxcsr own(cpu);
  asm volatile("" : "+m"(lanes));  // what is computed stays between the changes of MXCSR
  for (u32 n = 0; n < size / 4; ++n) lanes[n] = function(lanes[n]);
  asm volatile("" : "+m"(lanes));
  std::memcpy(cpu.state.fpu.xmm[i.reg], lanes, size);
  return Outcome::kNext;
}

}  // namespace

Outcome sem_rcpps(Cpu& cpu, const Insn& i) { return estimate(cpu, i, 16, reciprocal); }
Outcome sem_rcpss(Cpu& cpu, const Insn& i) { return estimate(cpu, i, 4, reciprocal); }
Outcome sem_rsqrtps(Cpu& cpu, const Insn& i) { return estimate(cpu, i, 16, reciprocal_root); }
Outcome sem_rsqrtss(Cpu& cpu, const Insn& i) { return estimate(cpu, i, 4, reciprocal_root); }

}  // namespace paemu
