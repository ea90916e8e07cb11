// BlockCache: decoded code by physical address and mode, and which bytes of memory it was decoded from.
//
// A block lies within one page. Each frame with code has a bit for every byte that code was decoded from, so that data
// can be written without losing the code right beside it, as real-mode programs do all the time.
//
// Its memory is bounded: when it is full all blocks go at once. That of a dropped block is used again only then, and only
// by the next build(): a handler may still be running in a block while it is dropped.
//
// Called by the Interpreter only.
#pragma once

#include <array>
#include <memory>
#include <unordered_map>

#include "interp/engine.hpp"

namespace paemu {

// Who keeps more about blocks than they hold.
class BlockListener {
 public:
  virtual void on_block_dropped(const Block& block) = 0;
  virtual void on_blocks_flushed() = 0;

 protected:
  ~BlockListener() = default;
};

class BlockCache {
 public:
  static constexpr u32 kMaxInstructions = 64;  // of a block

  static constexpr usize kUsualSize = 24 * kMiB;

  // Does an instruction have to be a block of its own?
  using Alone = bool (*)(const Insn&);

  // size: of the memory that blocks take, in bytes, at least some dozen KiB; committed as it is filled.
  BlockCache(Cpu& cpu, Engine& engine, BlockListener& listener, usize size);
  void set_alone(Alone alone) { alone_ = alone; }  // before the first block

  // The block at a physical address, of no more than `limit` bytes; nullptr when it has to be built.
  Block* find(GuestPhys address, u8 mode_key, u32 limit);
  // Decodes it from the bytes at `host`: up to the end of the page or the first `limit` bytes. nullptr when not even
  // one instruction lies whole within them.
  Block* build(GuestPhys address, const u8* host, u8 mode_key, u32 limit);

  // Drops the blocks that were decoded from these bytes. -> was there any?
  bool write(GuestPhys address, u32 size);
  // Drops the blocks of these frames, which are other memory now.
  void forget(Pfn first, u64 count);
  // Drops everything.
  void flush();
  // Is there any code of this frame?
  bool has_code(Pfn frame) const { return pages_.contains(frame.value); }

  usize size() const { return size_; }
  usize used() const { return used_; }
  u64 flushes_when_full() const { return flushes_when_full_; }

 private:
  static constexpr u32 kBuckets = 1u << 16;
  // Code that is written again and again is decoded in small pieces: most of a large block would never run.
  static constexpr u32 kMaxWhileWritten = 4;
  static constexpr u32 kHeatEntries = 256, kHot = 32;

  struct Page {
    std::array<u64, kPageSize / 64> decoded{};  // a bit a byte
    Block* blocks = nullptr;

    void add(u32 first, u32 size);  // bytes that were decoded
    bool holds(u32 first, u32 size) const;
  };

  u32 decode_instructions(Block& block, const u8* host, u32 limit, u32 max_count, u32& looked_at);
  void note_code(Block& block, u32 bytes);
  void drop(Block& block);
  void unwatch(u32 frame);
  // The bucket of an address; modes of one address share it.
  Block*& bucket(GuestPhys address) { return buckets_[(address.value ^ (address.value >> 16)) & (kBuckets - 1)]; }
  // How often code near a frame was written lately; several frames share an entry.
  u8& heat(GuestPhys address) { return heat_[pfn_of(address).value % kHeatEntries]; }
  static void unlink(const Page& page);

  PhysicalMemory& memory_;
  const CpuModel& model_;
  Engine& engine_;
  BlockListener& listener_;
  Alone alone_ = nullptr;
  std::unique_ptr<u8[]> arena_;
  const usize size_;
  usize used_ = 0;
  u64 flushes_when_full_ = 0;
  bool flush_before_build_ = false;
  u8 heat_[kHeatEntries] = {};
  std::unique_ptr<Block*[]> buckets_;    // lists by next_in_bucket
  std::unordered_map<u32, Page> pages_;  // by frame number
};

// Fills in what runs `insn`: its handler, or the one that raises #UD when the processor does not have it.
void set_handler(Insn& insn, u8 mode_key, const CpuModel& model);
Handler undefined_handler();     // #UD, and a word in the log
Handler too_long_handler();      // #GP(0)
Handler end_of_block_handler();  // the sentinel

// Does the engine keep a link in the displacement of this instruction?
bool keeps_link(const Insn& insn);
// Does the block end after it?
bool ends_block(const Insn& insn);

}  // namespace paemu
