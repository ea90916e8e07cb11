// The ways in and out of translated code, shared by all blocks.
#pragma once

#include "jit/code_cache.hpp"
#include "jit/context.hpp"
#include "jit/shortcuts.hpp"

namespace paemu::jit {

struct Thunks {
  void (*enter)(Context*) = nullptr;  // loads the guest's registers and jumps to Context::target
  // Jumped to from translated code. link: rcx is the Link. indirect: esi is the target. budget: esi is the block's
  // address.
  const u8* exit_link = nullptr;
  const u8* exit_indirect = nullptr;
  const u8* exit_budget = nullptr;
  // Shared look-ups do not do here: rcx is the Translation, esi where to go on.
  const u8* exit_apart = nullptr;
  // Called with rcx: the Insn, esi: its block's address, edi: instructions of the block from it on. Runs it by its
  // handler and returns with what it left, or leaves translated code for good. kOnlyNext in edi: if the handler
  // left that is for good, even where a jump led to the next instruction: the block may have nothing there.
  static constexpr u32 kOnlyNext = 1u << 31;
  const u8* execute = nullptr;
  // Called with esi and ecx: addresses of the first and the last byte, edi: the slot of Context::pages to fill. By
  // Access and Privilege. Returns ecx: 0 when the bytes are at hand, in one page.
  const u8* look_up_again[2][2] = {};
  // Called with esi and edi: what the shortcut wants. Returns ecx: what it returned. Host flags and guest registers
  // stay; XMM registers and r8 don't.
  const u8* shortcuts[static_cast<usize>(Shortcut::kCount)] = {};
  // Called; makes the host's flags the guest's.
  const u8* make_flags_exact = nullptr;
  // Called with esi: where an indirect jump leads. Returns r8: the jump cache's entry; or leaves. By Privilege.
  const u8* check_jump[2] = {};
  // Jumped to with esi: where a RET leads that is not where the last pending call was. By Privilege.
  const u8* return_elsewhere[2] = {};
  // The landing of ReturnStack's bottom: esi is 0, where the guest goes on.
  const u8* return_to_zero = nullptr;
};

Thunks make_thunks(CodeCache& cache, Cpu& cpu);

}  // namespace paemu::jit
