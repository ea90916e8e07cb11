// The guest's MXCSR around a host instruction, and the exceptions that it leaves (SDM 1, 10.2.3 and 11.5).
#pragma once

#include "cpu/host_fpu.hpp"
#include "cpu/simd.hpp"

namespace paemu::simd {

inline bool underflow_unmasked(const Cpu& cpu) {
  return !(cpu.state.fpu.mxcsr & mxcsr::kUnderflow << mxcsr::kMaskShift);
}

// The guest's MXCSR for the host: no sticky exceptions, all masked; flush-to-zero only counts while underflow is
// masked.
inline u32 host_word(const Cpu& cpu) {
  const u32 word = (cpu.state.fpu.mxcsr & ~mxcsr::kExceptions) | mxcsr::kMasks;
  return underflow_unmasked(cpu) ? word & ~mxcsr::kFlushToZero : word;
}

// Notes the exceptions that a host instruction raised. False: one of them is unmasked, and #XM, or #UD without
// CR4.OSXMMEXCPT, is raised.
inline bool take_exceptions(Cpu& cpu, u32 raised) {
  if (raised == 0) return true;
  const u32 unmasked = ~(cpu.state.fpu.mxcsr >> mxcsr::kMaskShift) & mxcsr::kExceptions;
  if (raised & unmasked & mxcsr::kOfOperands) [[unlikely]]
    raised &= mxcsr::kOfOperands;
  cpu.state.fpu.mxcsr |= raised;
  if (!(raised & unmasked)) [[likely]]
    return true;
  cpu.raise(cpu.state.cr4 & cr4::kOsxmmexcpt ? Vector::kSimdError : Vector::kInvalidOpcode);
  return false;
}

// A host instruction on two XMM registers.
using HostFloat = void (*)(Xmm& a, const Xmm& b);

// Runs `operate` under the guest's MXCSR -> the exceptions that it raised, for take_exceptions(). While the guest masks
// all of them there is none to take: MXCSR is lent then, and notes them itself.
template <class Operate>
u32 under_mxcsr(Cpu& cpu, Operate operate) {
  if ((cpu.state.fpu.mxcsr & mxcsr::kMasks) == mxcsr::kMasks) [[likely]] {
    lend_mxcsr(cpu);
    operate();
    return 0;
  }
  u32 word = host_word(cpu);
  asm volatile("ldmxcsr %0" : : "m"(word));
  operate();
  asm volatile("stmxcsr %0\nldmxcsr %1" : "=m"(word) : "m"(kHostMxcsr));
  return word & mxcsr::kExceptions;
}

}  // namespace paemu::simd

#define HOST_FLOAT(text) \
  [](paemu::simd::Xmm& a_, const paemu::simd::Xmm& b_) { asm volatile(text " %1, %0" : "+x"(a_) : "x"(b_)); }
