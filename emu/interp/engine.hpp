// What threaded code shares with the run loop: blocks, the jump cache, and the ways in and out of a block.
//
// A handler executes one Insn and returns what to execute next, or nullptr to go back to the run loop. With
// optimisation on, handlers of fast forms jump straight to the next handler instead (a sibling call).
#pragma once

#include <cstddef>

#include "cpu/cpu.hpp"

namespace paemu {

using Handler = const Insn* (*)(Cpu&, const Insn*);
inline Handler handler_of(const Insn* i) { return reinterpret_cast<Handler>(i->handler); }

#ifdef __OPTIMIZE__
#define PAEMU_CONTINUE(cpu, insn) return handler_of(insn)(cpu, insn)
#else
#define PAEMU_CONTINUE(cpu, insn) return insn
#endif

// Decoded code within one page, followed by a sentinel that ends it. A conditional branch does not end a block.
struct Block {
  const u8* host = nullptr;  // of the first byte; nullptr once the block is no longer valid
  u64 address = 0;           // physical, of the first byte
  u32 bytes = 0;
  u16 count = 0;  // instructions, the sentinel not counted
  u8 mode = 0;    // Cpu::mode_key that it was made for
  u8 heat = 0;    // the translator's: how often it was interpreted
  u8 apart = 0;   // the translator's: how often it had to be translated with less shared
  bool window = false;  // the translator's: accesses go by the window
  u8 window_lost = 0;   // the translator's: how often that did not pay
  u8 observed = 0;      // the translator's: how often it was looked what follows it
  bool in_path = false;          // the translator's: it is a part of paths
  void* path = nullptr;          // the translator's: what it is translated as the beginning of
  void* translations = nullptr;  // the translator's
  Block* next_in_page = nullptr;
  Block* next_in_bucket = nullptr;
  Insn insns[1];  // count + 1
};
inline const Block* block_of(const Insn* first) {
  return reinterpret_cast<const Block*>(reinterpret_cast<const u8*>(first) - offsetof(Block, insns));
}

// Blocks by linear address. An entry is only a hint: dispatch() checks it against the Mmu's own code translation, so
// the cache never makes a stale translation last longer.
struct JumpEntry {
  u32 linear = 0;
  const Block* block = nullptr;
};

struct Engine {
  static constexpr u32 kJumpEntries = 4096;
  static u32 jump_index(u32 linear) { return (linear ^ (linear >> 12)) & (kJumpEntries - 1); }

  bool faulted = false;                // the run loop has to deliver Cpu::fault
  const Insn* pending_link = nullptr;  // a branch within its page that wants a direct link to its target
  u64 invalidations = 0;               // counts events after which links must not be made
  u64 pending_invalidations = 0;       // `invalidations` when pending_link was set
  JumpEntry jumps[kJumpEntries];
};

// All segments flat, code and stack of 32 bits: fast forms of stack and branches, and the jump cache, are for this mode
// only.
inline constexpr u8 kFastMode = mode::kFlat | mode::kCode32 | mode::kStack32;
inline bool fast_mode(u8 key) { return (key & kFastMode) == kFastMode; }

// The retired count after instruction `i` of the current block.
inline u64 retired_after(const Cpu& c, const Insn* i) {
  return c.position.retired + static_cast<u64>(i - c.position.first) + 1;
}
inline u64 retired_before(const Cpu& c, const Insn* i) { return retired_after(c, i) - 1; }
inline u32 eip_of(const Cpu& c, const Insn* i) { return c.position.eip + i->offset; }

// --- Out.
inline const Insn* leave(Cpu& c, u32 eip, u64 retired) {
  c.state.eip = eip;
  c.clock.retired = retired;
  c.position.current = nullptr;
  return nullptr;
}
inline const Insn* leave_after(Cpu& c, const Insn* i) {
  return leave(c, eip_of(c, i) + i->length, retired_after(c, i));
}
// The instruction faulted and did not retire. EIP is put back to its own.
inline const Insn* leave_faulted(Cpu& c, const Insn* i) {
  c.engine->faulted = true;
  return leave(c, eip_of(c, i), retired_before(c, i));
}

// --- In. Leaves when the whole block would go beyond the budget.
inline const Insn* enter(Cpu& c, const Insn* first, u32 eip, u64 retired) {
  if (retired + block_of(first)->count > c.budget_end) [[unlikely]]
    return leave(c, eip, retired);
  c.position = Cpu::Position{first, first, retired, eip};
  PAEMU_CONTINUE(c, first);
}

// --- On. To `eip`, by the jump cache, else by the run loop.
inline const Insn* dispatch(Cpu& c, u32 eip, u64 retired) {
  const JumpEntry& e = c.engine->jumps[Engine::jump_index(eip)];  // flat: EIP is the linear address
  if (e.linear == eip && e.block != nullptr && e.block->mode == c.mode_key) [[likely]] {
    const u8* host = c.mmu.fetch_hit(eip, c.privilege());
    if (host != nullptr && host == e.block->host) [[likely]]
      return enter(c, e.block->insns, eip, retired);
  }
  return leave(c, eip, retired);
}

// Where the link in i->displacement leads: the distance in bytes to the first Insn of the target's block.
inline const Insn* linked(const Insn* i) {
  const auto distance = static_cast<std::ptrdiff_t>(static_cast<i32>(i->displacement));
  return reinterpret_cast<const Insn*>(reinterpret_cast<const u8*>(i) + distance);
}
inline void want_link(Cpu& c, const Insn* i) {
  c.engine->pending_link = i;
  c.engine->pending_invalidations = c.engine->invalidations;
}

// From `i` to `eip`, by its link.
inline const Insn* follow(Cpu& c, const Insn* i, u32 eip, u64 retired) {
  if (i->displacement != 0) [[likely]]
    return enter(c, linked(i), eip, retired);
  // Within a page the link stays right whatever happens to the mapping: whoever runs `i` runs the same page there.
  if (((eip ^ eip_of(c, i)) & ~kPageMask) != 0) return dispatch(c, eip, retired);
  want_link(c, i);
  return leave(c, eip, retired);
}

// The same outside the fast mode. There base and limit of CS are not part of the block's key, so the target's block
// must be seen to lie within the limit; and `eip` must be as far away as it was when the link was made: not wrapped at
// 64 KiB.
inline const Insn* follow_in_segment(Cpu& c, const Insn* i, u32 eip, u64 retired) {
  const Segment& cs = c.state.segment[isa::kCs];
  const u32 from = eip_of(c, i);
  if (eip != from + i->length + i->immediate) return leave(c, eip, retired);
  if (i->displacement != 0) [[likely]] {
    const Insn* target = linked(i);
    if (u64{eip} + block_of(target)->bytes > u64{cs.limit} + 1) return leave(c, eip, retired);
    return enter(c, target, eip, retired);
  }
  if ((((cs.base + eip) ^ (cs.base + from)) & ~kPageMask) == 0) want_link(c, i);
  return leave(c, eip, retired);
}

}  // namespace paemu
