// Exceptions of the guest as values (SDM 3A, chapter 6), and what a semantic function says when it returns.
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

enum class Vector : u8 {
  kDivideError = 0,
  kDebug = 1,
  kNmi = 2,
  kBreakpoint = 3,
  kOverflow = 4,
  kBoundRange = 5,
  kInvalidOpcode = 6,
  kDeviceNotAvailable = 7,
  kDoubleFault = 8,
  kInvalidTss = 10,
  kSegmentNotPresent = 11,
  kStackFault = 12,
  kGeneralProtection = 13,
  kPageFault = 14,
  kFpuError = 16,
  kAlignmentCheck = 17,
  kMachineCheck = 18,
  kSimdError = 19,
  // No exception: with CR0.NE clear and IGNNE# deasserted the processor stops before an x87 instruction that would
  // report one, until an interrupt comes (SDM 1, D.2.1.1).
  kAwaitInterrupt = 0xff,
};

// Whether the vector pushes an error code (SDM 3A, table 6-1).
constexpr bool has_error_code(Vector v) {
  return v == Vector::kDoubleFault || (v >= Vector::kInvalidTss && v <= Vector::kPageFault) ||
         v == Vector::kAlignmentCheck;
}

// Bits of a page fault's error code (SDM 3A, figure 4-12).
namespace page_fault {
inline constexpr u32 kPresent = 1u << 0;
inline constexpr u32 kWrite = 1u << 1;
inline constexpr u32 kUser = 1u << 2;
inline constexpr u32 kReserved = 1u << 3;
inline constexpr u32 kFetch = 1u << 4;
}  // namespace page_fault

struct Fault {
  Vector vector = Vector::kDivideError;
  u32 error_code = 0;
  GuestLinear address;  // page faults: goes to CR2
};

// What a semantic function returns. Nothing architectural has changed when it is kFault: the fault is in Cpu::fault and
// EIP is still the instruction's own.
enum class Outcome : u8 {
  kNext,    // go on with the next instruction; the engine advances EIP
  kBranch,  // EIP is set (taken or not): the block ends
  kRepeat,  // a repeated string instruction made progress and is to be run again (so that interrupts get in)
  kEnd,  // EIP is to be advanced by the engine, then the block ends: mode, mapping or interrupt state may have changed
  kFault,
  kSlow,  // only from the fast form of a FORMS semantic: nothing was done, run its slow form
};

}  // namespace paemu
