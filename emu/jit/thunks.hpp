// The ways in and out of translated code, shared by all blocks.
#pragma once

#include "jit/code_cache.hpp"
#include "jit/context.hpp"

namespace paemu::jit {

struct Thunks {
  void (*enter)(Context*) = nullptr;  // loads the guest's registers and jumps to Context::target
  // Jumped to from translated code. link: rcx is the Link. indirect: esi is the target. budget: esi is the block's
  // address.
  const u8* exit_link = nullptr;
  const u8* exit_indirect = nullptr;
  const u8* exit_budget = nullptr;
  // Called with rcx: the Insn, esi: its block's address, edi: instructions of the block from it on. Runs it by its
  // handler and returns with what it left, or leaves translated code for good.
  const u8* execute = nullptr;
  // Called; makes the host's flags the guest's.
  const u8* make_flags_exact = nullptr;
};

Thunks make_thunks(CodeCache& cache, Cpu& cpu);

}  // namespace paemu::jit
