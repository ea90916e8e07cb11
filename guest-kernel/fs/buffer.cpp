#include "fs/buffer.hpp"

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

}  // namespace ido::fs
