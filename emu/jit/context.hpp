// Context: what translated code shares with the C++ around it, and which host register holds what.
//
// The guest's registers stay in the host's throughout translated code and across linked blocks:
//
//   EAX EDX EBX EBP  in the host's of the same name, so that AH, DH and BH need no prefix
//   ECX ESP ESI EDI  in r9, r12, r13, r14
//   arithmetic flags in the host's flags: nothing between two copied instructions touches them
//   r15  Cpu*   r10  Context*   r11d  ticks left of the budget
//   rcx, rsi, rdi, r8   scratch
//   rsp  the ReturnStack's
//
// So that a look into the fast TLB, the budget's check and the dispatch leave the flags alone, they add by LEA, select
// bits by PEXT (BMI2) and branch by JRCXZ.
#pragma once

#include "cpu/host_fpu.hpp"
#include "cpu/x87_control.hpp"
#include "interp/engine.hpp"

namespace paemu {
class Translator;
}

namespace paemu::jit {

// The host's number of each guest register.
inline constexpr u8 kHostRegister[8] = {0, 9, 2, 3, 12, 5, 13, 14};

// Which of the flags in the host's register are not the guest's, and what the guest's are. Where the manual leaves a
// flag undefined the host may differ from the rule (docs/undefined.md), and most such flags are never looked at.
namespace stale {
inline constexpr u32 kOfProduct = 1u << 31;  // SF, ZF and PF are those of Context::stale_value
inline constexpr u32 kParityIsZero = 1u << 30;
inline constexpr u32 kSignZeroParity = eflag::kSign | eflag::kZero | eflag::kParity;
}  // namespace stale

enum class Exit : u32 { kHandled, kLink, kIndirect, kBudget, kApart };

struct Translation;

// Translated code by linear address. An entry is right while the fast fetch table has its page, at its addend; which
// was so in the epoch that is noted, and then still is.
struct JumpCache {
  static constexpr u32 kEntries = 4096;
  u64 key[kEntries];          // EIP and the epoch (Context::fetch_epoch), negated; 0 is none's
  u32 eip[kEntries];          // negated
  u64 addend[kEntries] = {};  // negated
  const u8* code[kEntries] = {};
  JumpCache() {
    for (u32 n = 0; n < kEntries; ++n) forget(n);
  }
  void forget(u32 n) {
    key[n] = 0;
    eip[n] = 0u - (n + 1);  // that address belongs to another entry
  }
  static u32 index_of(u32 linear) { return (linear + (linear >> kPageShift)) & (kEntries - 1); }
};

struct Context {
  // --- Read and written by translated code, with short offsets.
  u32 stale_mask = 0;   // flags that are taken from below when somebody looks
  u32 stale_value = 0;  // after stale_mask: one store writes both
  u32 index_bits = (FastTable::kEntries - 1) << kPageShift;
  u32 page_bits = ~kPageMask;
  u32 page_and_alignment[5] = {~kPageMask, ~kPageMask | 1, ~kPageMask | 3, ~kPageMask | 7, ~kPageMask | 15};
  u32 sign_bit = 1u << 31;
  u32 count_bits = 31;
  u32 direction_bit = eflag::kDirection;
  u32 x87_masks = fpu_status::kExceptions, x87_control = kX87ControlKept;
  u32 arithmetic_bits = eflag::kArithmetic;
  u32 time_stamp_disable = cr4::kTsd;
  u32 jump_index_bits = JumpCache::kEntries - 1;
  u32 lent_bits[8] = {0, 1, 2, 3, 4, 5, 6, 7};  // for PEXT of Cpu::lent_fpu
  // Counts, in its upper half, how often pages of code ceased to be at hand. From 1 on.
  static constexpr u64 kEpoch = u64{1} << 32;
  u64 fetch_epoch = kEpoch;
  u32 spare = 0;  // a value across a second access
  // What shortcuts take and give beyond registers.
  struct Went {
    u32 esp = 0, eip = 0, flags = 0;
    FIELDS(esp, eip, flags)
  } went;
  i32 left = 0;  // r11d outside translated code
  u32 exit_eip = 0;
  Exit exit = Exit::kHandled;
  u64 flags = 0;  // of the host, at an exit
  void* exit_link = nullptr;
  const u8* target = nullptr;  // of the way in
  Cpu* cpu = nullptr;
  Translator* translator = nullptr;
  u64 end = 0;  // the retired count at which `left` is 0

  // --- The host's stack pointers (ReturnStack).
  u64 returns_base = 0;  // with no call pending
  u64 returns = 0;       // that of translated code, while C++ runs that it called
  u64 host_stack = 0;    // that of C++, while translated code runs

  // Addends of pages that a block looked up for several accesses.
  static constexpr u32 kPages = 12;
  u64 pages[kPages] = {};

  // Of supervisor and user code: the modes that are translated differ in nothing else.
  JumpCache jumps[2];

  bool windows = false;  // may blocks access memory by the window?
  // The window's address at which the host faulted; its handler runs next.
  static constexpr u64 kNoFault = ~u64{0};
  u64 window_fault = kNoFault;
  Translation* faulted = nullptr;  // where

  u64* handler_calls = nullptr;  // by Insn::row: instructions run by their handlers from translated code
  Insn pair[2];                  // for execute_one

  // The guest's arithmetic flags.
  u32 guest_flags() const;
};

inline u32 Context::guest_flags() const {
  const u32 host = static_cast<u32>(flags) & eflag::kArithmetic;
  u32 value = stale_value;
  if (stale_mask & stale::kOfProduct) {
    value = (stale_value == 0 ? eflag::kZero : 0) | (stale_value >> 31 ? eflag::kSign : 0) |
            (__builtin_parity(stale_value & 0xff) ? 0 : eflag::kParity);
  } else if (stale_mask & stale::kParityIsZero) {
    value = host & eflag::kZero ? eflag::kParity : 0;
  }
  return (host & ~stale_mask) | (value & stale_mask & eflag::kArithmetic);
}

}  // namespace paemu::jit
