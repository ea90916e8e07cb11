#include "replay/memory_hash.hpp"

#define XXH_INLINE_ALL  // compiled here, where its length is known, it takes two thirds of the library's time
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace paemu {

namespace {

// A list for people to read: the lowest ones will do, and a checkpoint must fit in a chunk.
constexpr usize kMaxListed = 1u << 20;

// The processor fetches ahead within a page but not from one to the next, and written pages are cold: while one is hashed
// the next one comes, which makes it half as fast again.
void fetch_ahead(const u8* page) {
  constexpr usize kLine = 64;
  for (usize at = 0; at < kPageSize; at += kLine) __builtin_prefetch(page + at);
}

}  // namespace

bool all_zero(std::span<const u8> page) {
  // Most pages that are not zero show it at once, so a look at the first byte spares the comparison.
  return page.empty() || (page[0] == 0 && std::memcmp(page.data(), page.data() + 1, page.size() - 1) == 0);
}

u64 page_hash(Pfn frame, std::span<const u8> page) {
  if (all_zero(page)) return 0;
  const u64 hash = XXH3_64bits_withSeed(page.data(), page.size(), frame.value);
  return hash != 0 ? hash : 1;  // 0 says that a page is not in the sum
}

void MemoryHash::set(Pfn frame, u64 hash) {
  std::unique_ptr<Chunk>& chunk = chunks_[frame.value / kPagesPerChunk];
  if (chunk == nullptr) {
    if (hash == 0) return;
    chunk = std::make_unique<Chunk>();
  }
  u64& entry = (*chunk)[frame.value % kPagesPerChunk];
  sum_ += hash - entry;
  entry = hash;
}

void MemoryHash::forget_untouched() {
  for (u32 c = 0; c < chunks_.size(); ++c) {
    if (chunks_[c] == nullptr) continue;
    bool any = false;
    for (u32 i = 0; i < kPagesPerChunk; ++i) {
      const Pfn frame{c * kPagesPerChunk + i};
      if ((memory_.flags(frame) & frame_flag::kTouched) == 0) set(frame, 0);
      any |= (*chunks_[c])[i] != 0;
    }
    if (!any) chunks_[c].reset();
  }
}

u64 MemoryHash::update() {
  if (generation_ != memory_.mapping_generation()) {
    forget_untouched();
    generation_ = memory_.mapping_generation();
  }
  Pfn frame{};
  const u8* page = nullptr;  // comes, to be hashed
  const auto hash = [&] {
    if (page != nullptr) set(frame, page_hash(frame, {page, kPageSize}));
  };
  memory_.drain_dirty([&](Pfn next_frame, const u8* next) {
    fetch_ahead(next);
    hash();
    frame = next_frame;
    page = next;
    written_.push_back(frame.value);
  });
  hash();
  return sum_;
}

std::vector<PageHash> MemoryHash::take_written() {
  std::sort(written_.begin(), written_.end());
  written_.erase(std::unique(written_.begin(), written_.end()), written_.end());
  if (written_.size() > kMaxListed) written_.resize(kMaxListed);
  std::vector<PageHash> pages;
  pages.reserve(written_.size());
  for (const u32 frame : written_) {
    const std::unique_ptr<Chunk>& chunk = chunks_[frame / kPagesPerChunk];
    const u64 hash = chunk != nullptr ? (*chunk)[frame % kPagesPerChunk] : 0;
    pages.push_back(PageHash{frame, static_cast<u32>(hash)});
  }
  written_.clear();
  return pages;
}

}  // namespace paemu
