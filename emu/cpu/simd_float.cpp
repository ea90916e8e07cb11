// SSE to SSE3 arithmetic on floating-point numbers, by the host's own unit under the guest's MXCSR (SDM 1, chapters
// 10-12).
//
// The host runs each instruction with all exceptions masked, so it never signals; what it raised is in its MXCSR
// afterwards. An exception that the guest has unmasked becomes #XM, and the target stays as it was (SDM 1, 11.5).
#include "cpu/simd_float_forms.hpp"

namespace paemu {

using namespace simd;

Outcome simd::on_float(Cpu& cpu, const Insn& i, u32 size, const Arithmetic& arithmetic, HostFloat operate) {
  Xmm source;
  if (!sse_available(cpu) || !read_operand(cpu, i, size, source)) return Outcome::kFault;
  const Xmm before = get_xmm(cpu, i.reg);
  Xmm target = before;
  u32 raised = under_mxcsr(cpu, [&] { operate(target, source); });
  if (underflow_unmasked(cpu) && has_tiny(arithmetic, target)) [[unlikely]]
    raised |= mxcsr::kUnderflow;
  const u32 guest = cpu.state.fpu.mxcsr;
  if (raised & ~(guest >> mxcsr::kMaskShift) & (mxcsr::kOverflow | mxcsr::kUnderflow)) [[unlikely]] {
    cpu.settle_fpu();
    raised = (raised & ~mxcsr::kPrecision) | (inexact(arithmetic, before, source, guest) ? mxcsr::kPrecision : 0);
  }
  if (!take_exceptions(cpu, raised)) return Outcome::kFault;
  set_xmm(cpu, i.reg, target);
  return Outcome::kNext;
}

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
#define COMPARE_FLAGS(name, size)                                                                          \
  Outcome sem_##name(Cpu& cpu, const Insn& i) {                                                            \
    Xmm b;                                                                                                 \
    if (!sse_available(cpu) || !read_operand(cpu, i, size, b)) return Outcome::kFault;                     \
    const Xmm a = get_xmm(cpu, i.reg);                                                                     \
    bool carry, parity, zero;                                                                              \
    const u32 raised = under_mxcsr(cpu, [&] {                                                              \
      asm volatile(#name " %4, %3" : "=@ccc"(carry), "=@ccp"(parity), "=@ccz"(zero) : "x"(a), "x"(b));     \
    });                                                                                                    \
    if (!take_exceptions(cpu, raised)) return Outcome::kFault;                                             \
    cpu.lazy.set((carry ? eflag::kCarry : 0) | (parity ? eflag::kParity : 0) | (zero ? eflag::kZero : 0)); \
    return Outcome::kNext;                                                                                 \
  }
COMPARE_FLAGS(comiss, 4)
COMPARE_FLAGS(ucomiss, 4)
COMPARE_FLAGS(comisd, 8)
COMPARE_FLAGS(ucomisd, 8)

}  // namespace paemu
