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

// Takes the exceptions in `word`, MXCSR after the host instruction, into the guest's. False: one of them is unmasked,
// and #XM, or #UD without CR4.OSXMMEXCPT, is raised.
inline bool take_exceptions(Cpu& cpu, u32 word) {
  u32 raised = word & mxcsr::kExceptions;
  const u32 unmasked = ~(cpu.state.fpu.mxcsr >> mxcsr::kMaskShift) & mxcsr::kExceptions;
  if (raised & unmasked & mxcsr::kOfOperands) [[unlikely]]
    raised &= mxcsr::kOfOperands;
  cpu.state.fpu.mxcsr |= raised;
  if (!(raised & unmasked)) [[likely]]
    return true;
  cpu.raise(cpu.state.cr4 & cr4::kOsxmmexcpt ? Vector::kSimdError : Vector::kInvalidOpcode);
  return false;
}

// A host instruction on two XMM registers, with MXCSR going in and coming out.
using HostFloat = void (*)(Xmm& a, const Xmm& b, u32& word);

}  // namespace paemu::simd

#define HOST_FLOAT(text)                                                              \
  [](paemu::simd::Xmm& a_, const paemu::simd::Xmm& b_, paemu::u32& mxcsr_) {          \
    asm volatile("ldmxcsr %[mx]\n" text " %[b], %[a]\nstmxcsr %[mx]\nldmxcsr %[host]" \
                 : [a] "+x"(a_), [mx] "+m"(mxcsr_)                                    \
                 : [b] "x"(b_), [host] "m"(paemu::kHostMxcsr));                       \
  }
