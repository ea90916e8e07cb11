// What an instruction is compared by: the registers before and after it, and the exception that it took.
#pragma once

#include "cpu/state.hpp"

namespace paemu::isa_test {

// Where both sides have memory: the same linear addresses in user mode, 4 KiB pages.
namespace layout {
inline constexpr u32 kCode = 0x100000, kCodeSize = 0x2000;  // readable and writable
inline constexpr u32 kData = 0x200000, kDataSize = 0x2000;  // readable and writable
inline constexpr u32 kReadOnly = kData + kDataSize, kReadOnlySize = 0x1000;
inline constexpr u32 kAllData = kDataSize + kReadOnlySize;
// The data again, in the same places of the TLB; only where EmulatedProcessor::map_alias() was called.
inline constexpr u32 kAliasDistance = 16 << 20;
// What the emulated side needs for exceptions; the host has nothing there.
inline constexpr u32 kSystem = 0x6b5d0000, kSystemSize = 0x8000;
}  // namespace layout

struct Registers {
  u32 gpr[8] = {};
  u32 eip = 0;
  u32 eflags = 0;
  u16 selector[6] = {};  // by isa::SegmentRegister; of the processor's two tables in segments.hpp
  FpuState fpu;
};

struct Exception {
  static constexpr int kNone = -1;
  static constexpr int kSystemCall = 256;  // the host's kernel was called: nothing to compare
  int vector = kNone;
  u32 error_code = 0;
  u32 address = 0;  // page faults
};

}  // namespace paemu::isa_test
