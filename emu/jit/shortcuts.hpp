// Shortcuts: what an instruction of the system does nearly every time, done without leaving translated code.
//
// A kernel's way in and out is a dozen of them, and each handler call stores and loads all registers and flags, and
// looks around after it. A shortcut first looks whether all is as it nearly always is: segments flat, descriptors
// accessed and their pages at hand, nobody waiting. Then it does the instruction and returns 0. Else it has changed
// nothing and returns 1, and the instruction's handler begins anew: all other cases, every fault and whatever fills
// the TLB, stay with the semantics of cpu alone.
//
// Called from translated code by Thunks::shortcuts: in flat 32-bit protected mode, without stepping, with
// Context::left ticks to go after the block and the guest's registers but those that are passed in the host's.
#pragma once

#include "jit/context.hpp"

namespace paemu::jit {

// a and b are what a row of kShortcuts says.
using ShortcutFunction = u32 (*)(Cpu&, Context&, u32 a, u32 b);

enum class Shortcut : u8 {
  kLoadSegment,       // a: selector, b: register, not CS nor SS
  kEnableInterrupts,  // STI
  kPopFlags,          // a: the image
  kVerifyWrite,       // VERW; a: selector; Context::went.flags becomes ZF
  kWriteCr3,          // a: the value, b: instructions of the block from it on
  kFlushPage,         // INVLPG; a: linear address
  kInterruptReturn,   // a: ESP; Context::went becomes where it leads
  kInterrupt,         // INT n; a: the vector, b: arithmetic flags; Context::went: ESP and what is returned to, then where it leads
  kCount
};

struct ShortcutRow {
  const char* name;
  ShortcutFunction function;
};
extern const ShortcutRow kShortcuts[static_cast<usize>(Shortcut::kCount)];

}  // namespace paemu::jit
