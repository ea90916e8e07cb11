#include "fs/buffer.hpp"

#include "arch/kmap.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"
#include "mm/uaccess.hpp"

namespace ido::fs {

Or<> Buffer::take(void* to, u32 size) {
  KASSERT(size <= left());
  if (kernel_ != nullptr)
    memcpy(to, kernel_ + done_, size);
  else
    TRY(copy_from_user(to, user_ + done_, size));
  done_ += size;
  return {};
}

Or<> Buffer::give(const void* from, u32 size) {
  KASSERT(size <= left());
  if (kernel_ != nullptr)
    memcpy(kernel_ + done_, from, size);
  else
    TRY(copy_to_user(user_ + done_, from, size));
  done_ += size;
  return {};
}

Or<> Buffer::give_zeroes(u32 size) {
  static const u8 zeroes[256] = {};
  while (size > 0) {
    const u32 n = size < sizeof zeroes ? size : sizeof zeroes;
    TRY(give(zeroes, n));
    size -= n;
  }
  return {};
}

// As much of `size` bytes as lies in one page of the user's.
u32 Buffer::piece(u32 size) const {
  const u32 in_page = kPageSize - ((user_ + done_) & kPageMask);
  return kernel_ != nullptr || size < in_page ? size : in_page;
}

Or<> Buffer::take_to_frame(Pfn frame, u32 offset, u32 size) {
  KASSERT(size <= left() && offset + size <= kPageSize);
  while (size > 0) {
    const u32 n = piece(size);
    if (kernel_ != nullptr)
      memcpy(Kmap(frame).bytes() + offset, kernel_ + done_, n);
    else
      TRY(copy_frame_from_user(frame, offset, user_ + done_, n));
    done_ += n, offset += n, size -= n;
  }
  return {};
}

Or<> Buffer::give_frame(Pfn frame, u32 offset, u32 size) {
  KASSERT(size <= left() && offset + size <= kPageSize);
  while (size > 0) {
    const u32 n = piece(size);
    if (kernel_ != nullptr)
      memcpy(kernel_ + done_, Kmap(frame).bytes() + offset, n);
    else
      TRY(copy_frame_to_user(user_ + done_, frame, offset, n));
    done_ += n, offset += n, size -= n;
  }
  return {};
}

}  // namespace ido::fs
