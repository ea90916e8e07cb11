// Where the guest's x87 state and MXCSR are while code runs: in CpuState, or lent to the host's own units.
//
// Loading and saving eight registers around each instruction would cost ten times the instruction. So the first x87
// instruction takes the state to the host's unit, and those after it find it there; in the same way the guest's MXCSR
// stays in the host's while SSE instructions follow one another. Cpu::settle_fpu() brings all of it back.
//
// Rules:
//  - While the x87 state is lent nothing of the emulator executes x87 or MMX instructions (long double is x87), and
//    while MXCSR is lent nothing computes with floating-point numbers. So the engine settles before everything that is
//    more than an instruction's own work: devices, building blocks, deliveries, logs, instructions of the system.
//  - Lent state has no unmasked exception pending. One that arises ends the loan at once, by FNSAVE, which does not
//    wait: it is never a signal of the host.
//  - MXCSR is lent only while it masks all exceptions.
//  - What changes CR0 or CR4 settles, so a loan also says that the unit may be used (no #NM, no #UD).
//  - FpuState::control and the pointers to the last instruction are exact in CpuState all the time; XMM registers live
//    there.
#pragma once

#include "cpu/fpu.hpp"

namespace paemu {

// Bits of Cpu::lent_fpu.
namespace lent {
inline constexpr u8 kX87 = 1u << 0;  // the x87 state, which masks all exceptions
inline constexpr u8 kX87Unmasked =
    1u << 1;                           // the x87 state; the error summary must be looked at after each instruction
inline constexpr u8 kMxcsr = 1u << 2;  // MXCSR
inline constexpr u8 kAnyX87 = kX87 | kX87Unmasked;
}  // namespace lent

// Takes the x87 state to the host's unit, unless it is there. No unmasked exception may be pending.
void lend_x87(Cpu& cpu);
// Brings it back, unless it is here.
void return_x87(Cpu& cpu);

inline u16 host_x87_status() {
  u16 status;
  asm volatile("fnstsw %0" : "=a"(status));
  return status;
}
// The guest's status word, wherever it is.
inline u16 x87_status(const Cpu& cpu) {
  return cpu.lent_fpu & lent::kAnyX87 ? host_x87_status() : cpu.state.fpu.status;
}

// MXCSR while the emulator's own code runs.
inline constexpr u32 kHostMxcsr = 0x1f80;

// Takes MXCSR to the host's, unless it is there or has an exception unmasked.
void lend_mxcsr(Cpu& cpu);
void return_mxcsr(Cpu& cpu);

}  // namespace paemu
