// Checkpoint: a state hash with enough beside it to tell where two runs part.
#pragma once

#include <string>
#include <vector>

#include "cpu/registers.hpp"
#include "replay/input.hpp"

namespace paemu {

struct PageHash {
  u32 frame = 0;
  u32 hash = 0;  // the low half of the page's XXH3; 0 for a page of zeroes
  FIELDS(frame, hash)
  bool operator==(const PageHash&) const = default;
};

struct PartHash {
  std::string part;  // "cpu", "pic", ...: Machine::devices()
  u32 hash = 0;
  FIELDS(part, hash)
  bool operator==(const PartHash&) const = default;
};

struct Checkpoint {
  Position at;
  u64 hash = 0;  // Machine::state_hash()
  Registers registers;
  std::vector<PartHash> parts;
  std::vector<PageHash> written;  // pages written since the previous checkpoint, ascending
};

// Where a replay parted from its recording.
struct Divergence {
  std::string report;  // several lines: both sides' retired count, registers, parts and first pages that differ
};

// Compares; empty when `replayed` is what was recorded.
std::string difference(const Checkpoint& recorded, const Checkpoint& replayed);

}  // namespace paemu
