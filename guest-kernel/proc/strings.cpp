#include "proc/strings.hpp"

#include "mm/uaccess.hpp"

namespace ido {

Or<> StringBlock::add(StringView text) {
  if (text.size >= kMostBytes - bytes()) return fail(Errno::k2Big);
  for (u32 i = 0; i < text.size; ++i) TRY(text_.push(text[i]));
  TRY(text_.push('\0'));
  ++count_;
  return {};
}

Or<> StringBlock::add_front(StringView text) {
  StringBlock joined;
  TRY(joined.add(text));
  for (const char c : text_) TRY(joined.text_.push(c));
  joined.count_ += count_;
  *this = std::move(joined);
  return {};
}

void StringBlock::remove_front() {
  if (count_ == 0) return;
  Vector<char> rest;
  const u32 first = static_cast<u32>(strlen(text_.begin())) + 1;
  for (u32 i = first; i < text_.size(); ++i) (void)rest.push(text_[i]);
  text_ = std::move(rest);
  --count_;
}

Or<> StringBlock::add_user_array(u32 array) {
  if (array == 0) return {};
  constexpr u32 kPiece = 256;  // strings come in pieces, for the kernel's stack is small
  for (;; array += 4) {
    u32 address = TRY(get_user<u32>(array));
    if (address == 0) return {};
    for (;;) {
      char piece[kPiece];
      // Up to the end of the page: the next one need not be there.
      u32 size = kPageSize - (address & kPageMask);
      if (size > kPiece) size = kPiece;
      TRY(copy_from_user(piece, address, size));
      u32 length = 0;
      while (length < size && piece[length] != 0) ++length;
      if (length >= kMostBytes - bytes()) return fail(Errno::k2Big);
      for (u32 i = 0; i < length; ++i) TRY(text_.push(piece[i]));
      if (length < size) break;
      address += size;
    }
    TRY(text_.push('\0'));
    ++count_;
  }
}

}  // namespace ido
