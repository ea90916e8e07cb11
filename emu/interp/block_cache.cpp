#include "interp/block_cache.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "base/bits.hpp"
#include "isa/decoder.hpp"

namespace paemu {

BlockCache::BlockCache(Cpu& cpu, Engine& engine, BlockListener& listener, usize size)
    : memory_(cpu.memory),
      model_(cpu.model),
      engine_(engine),
      listener_(listener),
      arena_(new u8[size]),
      size_(size),
      buckets_(new Block* [kBuckets] {}) {}

Block* BlockCache::find(GuestPhys address, u8 mode_key, u32 limit) {
  for (Block* b = bucket(address); b != nullptr; b = b->next_in_bucket) {
    if (b->address == address.value && b->mode == mode_key && b->bytes <= limit) return b;
  }
  return nullptr;
}

Block* BlockCache::build(GuestPhys address, const u8* host, u8 mode_key, u32 limit) {
  constexpr usize kLargest = sizeof(Block) + kMaxInstructions * sizeof(Insn);
  const bool full = used_ + kLargest > size_;
  if (flush_before_build_ || full) {
    if (!flush_before_build_) ++flushes_when_full_;
    flush();
    used_ = 0;
    flush_before_build_ = false;
  }
  Block& block = *new (arena_.get() + used_) Block;
  block.address = address.value;
  block.mode = mode_key;
  const u32 to_page_end = kPageSize - (static_cast<u32>(address.value) & kPageMask);
  u32 looked_at = 0;
  u8& written = heat(address);
  const u32 max_count = written >= kHot ? kMaxWhileWritten : kMaxInstructions;
  if (written > 0) --written;
  block.count = static_cast<u16>(decode_instructions(block, host, std::min(limit, to_page_end), max_count, looked_at));
  if (block.count == 0) return nullptr;
  block.host = host;
  used_ += base::align_up<usize>(sizeof(Block) + block.count * sizeof(Insn), 16);
  note_code(block, looked_at);
  block.next_in_bucket = bucket(address);
  bucket(address) = &block;
  return &block;
}

u32 BlockCache::decode_instructions(Block& block, const u8* host, u32 limit, u32 max_count, u32& looked_at) {
  const auto size = (block.mode & mode::kCode32) ? isa::CodeSize::k32 : isa::CodeSize::k16;
  u32 offset = 0, count = 0;
  while (count < max_count && offset < limit) {
    Insn& insn = *new (&block.insns[count]) Insn;
    const auto status = isa::decode({host + offset, limit - offset}, size, insn);
    if (status == isa::DecodeStatus::kTruncated) break;
    const bool alone = alone_ != nullptr && status == isa::DecodeStatus::kOk && alone_(insn);
    if (alone && count != 0) break;
    insn.offset = static_cast<u16>(offset);
    offset += insn.length;
    ++count;
    if (status == isa::DecodeStatus::kUndefined) insn.handler = reinterpret_cast<void (*)()>(undefined_handler());
    if (status == isa::DecodeStatus::kTooLong) insn.handler = reinterpret_cast<void (*)()>(too_long_handler());
    if (status != isa::DecodeStatus::kOk) break;
    set_handler(insn, block.mode, model_);
    if (alone || ends_block(insn)) break;
  }
  looked_at = offset;
  block.bytes = offset;
  Insn& sentinel = *new (&block.insns[count]) Insn;
  sentinel.offset = static_cast<u16>(offset);
  sentinel.handler = reinterpret_cast<void (*)()>(end_of_block_handler());
  return count;
}

// `act` on each word that has bits of these bytes, until it says no. -> did it?
template <class Words, class Act>
static bool each_word(Words& words, u32 first, u32 size, Act&& act) {
  const u32 last = first + size - 1;
  for (u32 word = first / 64; word <= last / 64; ++word) {
    u64 mask = ~u64{0};
    if (word == first / 64) mask &= ~u64{0} << first % 64;
    if (word == last / 64) mask &= ~u64{0} >> (63 - last % 64);
    if (!act(words[word], mask)) return true;
  }
  return false;
}

void BlockCache::Page::add(u32 first, u32 size) {
  each_word(decoded, first, size, [](u64& word, u64 mask) {
    word |= mask;
    return true;
  });
}

bool BlockCache::Page::holds(u32 first, u32 size) const {
  return each_word(decoded, first, size, [](u64 word, u64 mask) { return (word & mask) == 0; });
}

void BlockCache::note_code(Block& block, u32 bytes) {
  const GuestPhys address{block.address};
  Page& page = pages_[pfn_of(address).value];
  block.next_in_page = page.blocks;
  page.blocks = &block;
  page.add(static_cast<u32>(block.address) & kPageMask, bytes);
  if (memory_.is_rom(address)) return;
  memory_.watch_frame(pfn_of(address));
}

// Links stay within a page, so a page's own blocks have all the links to any of them.
void BlockCache::unlink(const Page& page) {
  for (Block* b = page.blocks; b != nullptr; b = b->next_in_page) {
    for (u32 n = 0; n <= b->count; ++n) {
      if (n == b->count || keeps_link(b->insns[n])) b->insns[n].displacement = 0;
    }
  }
}

void BlockCache::drop(Block& block) {
  Block** at = &bucket(GuestPhys{block.address});
  while (*at != &block) at = &(*at)->next_in_bucket;
  *at = block.next_in_bucket;
  block.host = nullptr;
  listener_.on_block_dropped(block);
}

bool BlockCache::write(GuestPhys address, u32 size) {
  bool any = false;
  while (size > 0) {
    const u32 first = static_cast<u32>(address.value) & kPageMask;
    const u32 here = std::min(size, kPageSize - first);
    const auto found = pages_.find(pfn_of(address).value);
    if (found != pages_.end() && found->second.holds(first, here)) {
      Page& page = found->second;
      any = true;
      ++engine_.invalidations;
      u8& written_lately = heat(address);
      written_lately = static_cast<u8>(std::min(written_lately + 4, 255));
      unlink(page);
      page.decoded = {};
      Block** at = &page.blocks;
      while (Block* b = *at) {
        const u32 start = static_cast<u32>(b->address) & kPageMask;
        if (first < start + b->bytes && start < first + here) {
          drop(*b);
          *at = b->next_in_page;
        } else {
          page.add(start, b->bytes);
          at = &b->next_in_page;
        }
      }
      if (page.blocks == nullptr) {
        pages_.erase(found);
        unwatch(pfn_of(address).value);
      }
    }
    address += here;
    size -= here;
  }
  return any;
}

void BlockCache::forget(Pfn first, u64 count) {
  for (auto at = pages_.begin(); at != pages_.end();) {
    const u32 frame = at->first;
    if (frame < first.value || frame - first.value >= count) {
      ++at;
      continue;
    }
    unlink(at->second);
    for (Block* b = at->second.blocks; b != nullptr; b = b->next_in_page) drop(*b);
    at = pages_.erase(at);
    unwatch(frame);
  }
  ++engine_.invalidations;
}

// No code of the frame is held any more. ROM is not watched.
void BlockCache::unwatch(u32 frame) {
  const GuestPhys address = phys_of(Pfn{frame});
  if (memory_.host_page(address) != nullptr && !memory_.is_rom(address)) memory_.unwatch_frame(Pfn{frame});
}

void BlockCache::flush() {
  const std::unordered_map<u32, Page> dropped = std::exchange(pages_, {});
  for (const auto& [frame, page] : dropped) {
    for (Block* b = page.blocks; b != nullptr; b = b->next_in_page) {
      b->host = nullptr;
      bucket(GuestPhys{b->address}) = nullptr;
    }
    unlink(page);
    unwatch(frame);
  }
  std::fill(std::begin(engine_.jumps), std::end(engine_.jumps), JumpEntry{});
  ++engine_.invalidations;
  listener_.on_blocks_flushed();
  flush_before_build_ = true;
}

}  // namespace paemu
