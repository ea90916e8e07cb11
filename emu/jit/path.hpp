// Path: the way through several blocks of one page that the guest was seen to take most often, put together as one block.
//
// Translated as such (Translation::path) it takes its instructions off the budget once, and what is known of registers,
// flags and looked-up pages holds from each block to the next. Where the guest leaves it, it goes on by blocks.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "interp/engine.hpp"

namespace paemu::jit {
using namespace base;

// How an instruction goes on, for those that a path can follow.
enum class Flow : u8 { kNext, kBranch, kJump, kCall, kReturn, kElsewhere };
Flow flow_of(const Insn& insn);
inline u32 end_of(const Insn& i) { return u32{i.offset} + i.length; }
// Of a branch, jump or call: counted like Insn::offset.
inline u32 target_of(const Insn& i) { return end_of(i) + i.immediate; }

// A block that was run, from its start.
struct Step {
  Block* block = nullptr;
  u32 eip = 0;
};

class Path {
 public:
  static constexpr u32 kMostInstructions = 128;

  // From `head` on. seen: what was run, in its order; blocks that were dropped since may be among them. nullptr: no
  // block follows upon it oftener than others do, or none that may be joined.
  static std::unique_ptr<Path> choose(const Step& head, std::span<const Step> seen);

  // Its instructions. They count their offsets, and the block its bytes, from the start of the page.
  const Block& block() const { return *reinterpret_cast<const Block*>(memory_.data()); }
  // Is it a loop? Then its last instruction leads to its first.
  bool closes() const { return closes_; }
  bool has(const Block& part) const;
  usize parts() const { return parts_.size(); }
  bool same_as(const Path& other) const;

  Block* head = nullptr;  // nullptr: one of its blocks was dropped, and it is not to be run any more
  void retire();

 private:
  struct Part {
    const Block* block = nullptr;
    u32 count = 0;  // instructions of it
    bool operator==(const Part&) const = default;
  };
  void join();

  std::vector<Part> parts_;
  bool closes_ = false;
  std::vector<u64> memory_;  // of a Block
};

}  // namespace paemu::jit
