// Buffer: where the bytes of a read or write are: in the kernel or in the user's memory. Moves along as it is used.
#pragma once

#include "arch/paging.hpp"
#include "lib/errno.hpp"

namespace ido::fs {

class Buffer {
 public:
  static Buffer kernel(void* data, u32 size) { return Buffer{static_cast<u8*>(data), 0, size}; }
  static Buffer user(u32 address, u32 size) { return Buffer{nullptr, address, size}; }

  u32 left() const { return size_ - done_; }
  u32 done() const { return done_; }
  // Back to where `done` bytes were done: some of what was taken could not be used.
  void back_to(u32 done) { done_ = done; }
  // Leaves at most `most` bytes to be moved.
  void cut(u64 most) {
    if (most < left()) size_ = done_ + static_cast<u32>(most);
  }

  // Copies `size` bytes (at most left()) out of the buffer (a write takes data) or into it (a read gives data), and
  // moves on. Fails with kFault when the user's memory can't be reached; then it has not moved on.
  Or<> take(void* to, u32 size);
  Or<> give(const void* from, u32 size);
  Or<> give_zeroes(u32 size);
  // The same into or out of a frame, within it; the caller holds a reference to its page. What was moved before a fault
  // counts.
  Or<> take_to_frame(Pfn frame, u32 offset, u32 size);
  Or<> give_frame(Pfn frame, u32 offset, u32 size);

 private:
  u32 piece(u32 size) const;

  Buffer(u8* kernel, u32 user, u32 size) : kernel_(kernel), user_(user), size_(size) {}

  u8* kernel_;
  u32 user_;
  u32 size_;
  u32 done_ = 0;
};

}  // namespace ido::fs
