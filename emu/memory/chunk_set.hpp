// ChunkSet: which 2 MiB chunks of the address space are worth looking at. Makes checkpoints of a 64 GiB machine cheap.
#pragma once

#include <algorithm>
#include <bit>
#include <vector>

#include "base/types.hpp"

namespace paemu {
using namespace base;

class ChunkSet {
 public:
  explicit ChunkSet(u64 chunks) : words_((chunks + 63) / 64, 0) {}

  void add(u32 chunk) { words_[chunk / 64] |= u64{1} << (chunk % 64); }
  void remove(u32 chunk) { words_[chunk / 64] &= ~(u64{1} << (chunk % 64)); }
  bool contains(u32 chunk) const { return (words_[chunk / 64] >> (chunk % 64)) & 1; }
  void clear() { std::fill(words_.begin(), words_.end(), u64{0}); }

  // In ascending order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (u32 i = 0; i < words_.size(); ++i) {
      for (u64 word = words_[i]; word != 0; word &= word - 1) visit(i * 64 + static_cast<u32>(std::countr_zero(word)));
    }
  }

 private:
  std::vector<u64> words_;
};

}  // namespace paemu
