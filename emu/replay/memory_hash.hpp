// MemoryHash: a hash over the contents of all RAM and video memory that costs in proportion to the pages written since last time.
//
// It is the sum, modulo 2^64, of XXH3-64(page, seed = frame number) over the pages that are not all zeroes. A sum can
// be mended page by page, and a page that was never written counts like one that was written with zeroes, so that the
// hash is of what the guest can see and not of how it came about.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "memory/physical_memory.hpp"
#include "replay/checkpoint.hpp"

namespace paemu {

u64 page_hash(Pfn frame, std::span<const u8> page);
bool all_zero(std::span<const u8> page);

class MemoryHash {
 public:
  explicit MemoryHash(PhysicalMemory& memory) : memory_(memory), chunks_(chunk_count(memory)) {}

  // The hash as of now. Drains the dirty flags.
  u64 update();
  // The pages written, ascending, and emptied: what update() has seen since the last take.
  std::vector<PageHash> take_written();
  // Forgets pages whose RAM has been taken away or cleared; update() does so itself when DIMMs come and go.
  void forget_untouched();

 private:
  static constexpr u32 kPagesPerChunk = 512;
  using Chunk = std::array<u64, kPagesPerChunk>;  // a hash a page; 0: not in the sum
  static usize chunk_count(const PhysicalMemory& m) { return m.frames() / kPagesPerChunk; }
  void set(Pfn frame, u64 hash);

  PhysicalMemory& memory_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  u64 sum_ = 0;
  u64 generation_ = 0;        // of the memory's mapping that the table fits
  std::vector<u32> written_;  // frames, with repetitions
};

}  // namespace paemu
