// TranslatorInfo: what the translators of all processors tell of themselves. For people: nothing of it is the guest's.
#pragma once

#include <string>
#include <vector>

#include "base/types.hpp"

namespace paemu {
using namespace base;

// A block of guest code that was translated.
struct HotBlock {
  u32 processor = 0;
  u32 eip = 0;
  bool user = false;  // ran at CPL 3
  u64 samples = 0;    // how many of TranslatorInfo::samples fell into it
  u32 instructions = 0;
  u32 joined = 1;     // blocks that were joined to it, with itself
  u32 guest_bytes = 0, host_bytes = 0;
  std::vector<std::string> guest_code, host_code;  // a line an instruction
};

// How often translated code had a handler of the interpreter run an instruction.
struct HandlerCalls {
  std::string row;  // of the instruction table
  u64 calls = 0;
};

// Sums over the processors. "Now": since the last flush.
struct TranslatorInfo {
  u64 cache_size = 0, cache_used = 0;                    // bytes
  u64 decoded_size = 0, decoded_used = 0;                // bytes of decoded blocks, translated or not
  // Of the whole cache; as it was full, or as the decoded blocks' memory was. The others: the memory map changed.
  u64 flushes = 0, flushes_when_full = 0;
  u64 blocks = 0, guest_bytes = 0, host_bytes = 0;       // that may run now
  u64 translated = 0, dropped = 0;                       // since the start; dropped alone, as their code was written
  u64 links = 0, links_across_pages = 0, links_all = 0;  // jumps between blocks that are patched now; all of them

  std::vector<HandlerCalls> handler_calls;  // of all rows

  u64 paths = 0;                                         // of `blocks`: several that were joined
  u64 window_blocks = 0;                                 // that access memory by the window, now
  u64 window_faults = 0;                                 // of the host there
  u64 window_pages = 0;                                  // shown there since the start, each time counted

  // Ways out of translated code.
  struct Exits {
    u64 unlinked = 0;   // a jump whose target is not linked yet
    u64 indirect = 0;   // a target that the jump cache lacks, or one after a change of mode
    u64 budget = 0;     // the slice of time ends, or units of the host are needed that are not lent
    u64 apart = 0;      // accesses that share a look-up lie in different pages
    u64 faults = 0;     // an exception
    u64 attention = 0;  // a device was reached, code was written, the processor halts
    u64 continued = 0;  // a handler went elsewhere, and the code there is translated too
    u64 other = 0;      // it is not
  } exits;

  u64 compared = 0, not_compared = 0;  // instructions, by -engine verify

  u64 samples = 0;  // looks at which block runs, evenly over retired instructions; now
  std::vector<HotBlock> hottest;
};

}  // namespace paemu
