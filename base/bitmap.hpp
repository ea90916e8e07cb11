// A bitmap over memory that its owner holds. Freestanding.
#pragma once

#include "base/types.hpp"

namespace base {

class Bitmap {
 public:
  // words: at least ceil(size / 32) of them; they stay the caller's and outlive the Bitmap.
  Bitmap(u32* words, u32 size) : words_(words), size_(size) {}

  u32 size() const { return size_; }
  bool test(u32 i) const { return (words_[i / 32] >> (i % 32)) & 1; }
  void set(u32 i) { words_[i / 32] |= 1u << (i % 32); }
  void clear(u32 i) { words_[i / 32] &= ~(1u << (i % 32)); }

  // The first clear bit at or after `from`; size() when there is none.
  u32 find_clear(u32 from = 0) const {
    for (u32 i = from; i < size_; ++i) {
      if (i % 32 == 0 && words_[i / 32] == ~0u) { i += 31; continue; }
      if (!test(i)) return i;
    }
    return size_;
  }

 private:
  u32* words_;
  u32 size_;
};

}  // namespace base
