// Translation: host code of one block of guest code at one linear address, and the jumps between translations.
#pragma once

#include <vector>

#include "jit/context.hpp"
#include "jit/path.hpp"

namespace paemu::jit {

struct Translation;

inline constexpr u8 kMostApart = 2;  // of Block::apart

// May a block that jumps to its own start go round within its own code? Not where it is to run alone.
enum class Loops : u8 { kNo, kYes };

// A jump to a known linear address. It goes to an exit until the target is translated.
struct Link {
  Translation* from = nullptr;
  Translation* to = nullptr;
  u32 target = 0;                // EIP
  u8* jump = nullptr;            // the rel32 of the jump, for writing
  u8* addend = nullptr;          // across pages: where the negated addend of the target's page is compared; for writing
  const u8* unlinked = nullptr;  // the exit, for execution
  bool across_pages() const { return addend != nullptr; }
};

// An instruction that accesses the window, and where to go on when the host faults there. Offsets in the code.
struct WindowAccess {
  u32 at = 0, missed = 0;
};

struct Translation {
  const Block* block = nullptr;
  const Path* path = nullptr;  // that begins with the block, and is what was translated
  u32 eip = 0;
  u64 addend = 0;  // host address of its bytes, less EIP
  const u8* code = nullptr;
  u32 code_size = 0;
  u32 count = 0;        // guest instructions
  u8 needs_lent = 0;  // lent::*
  std::vector<u8> checked;  // what has to be at `eip` whenever it is entered; empty: that is known
  u32 samples = 0;    // how often it was found running, when code was left for a look
  u32 apart = 0;      // how often its shared look-ups did not do
  bool window = false;  // accesses go by the window
  Translation* next_of_block = nullptr;
  std::vector<Link*> outgoing, incoming;
  std::vector<WindowAccess> window_accesses;  // in ascending order

  // The instructions, of the path or the block.
  const Block& code_block() const { return path != nullptr ? path->block() : *block; }
};

}  // namespace paemu::jit
