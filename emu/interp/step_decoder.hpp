// StepDecoder: the instruction at CS:EIP on its own, for the places where blocks do not do: across pages, at the end of
// a slice, in device memory, while stepping.
//
// Remembers what it decoded by linear address and compares the bytes, so that an instruction across pages in a hot loop
// need not be decoded each time, and a change of its bytes or mapping needs no notice.
#pragma once

#include <memory>
#include <span>

#include "interp/engine.hpp"

namespace paemu {

class StepDecoder {
 public:
  explicit StepDecoder(Cpu& cpu) : cpu_(cpu), entries_(new Entry[kEntries]) {}

  // An instruction with its handler set; its displacement holds no link. nullptr: fetching faulted, see Cpu::fault.
  const Insn* decode();
  // The bytes of what decode() returned last.
  std::span<const u8> bytes() const { return {last_->bytes, last_->insn.length}; }

 private:
  static constexpr u32 kEntries = 256;
  static constexpr u32 kMaxBytes = 15;

  struct Entry {
    u32 linear = 0;
    u8 mode = 0;
    u8 count = 0;  // bytes known; 0: free
    u8 bytes[kMaxBytes] = {};
    Insn insn;
  };

  // Reads up to kMaxBytes, no byte beyond a page boundary or the segment's limit that the instruction does not have.
  bool fetch(Entry& e);
  bool unchanged(const Entry& e);
  u32 linear_eip() const { return cpu_.state.segment[isa::kCs].base + cpu_.state.eip; }

  Cpu& cpu_;
  std::unique_ptr<Entry[]> entries_;
  Entry* last_ = nullptr;
};

}  // namespace paemu
