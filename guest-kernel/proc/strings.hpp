// The strings that exec carries from the old memory to the new: arguments or environment.
#pragma once

#include "lib/errno.hpp"
#include "lib/vector.hpp"

namespace ido {

class StringBlock {
 public:
  static constexpr u32 kMostBytes = 128 * 1024;

  Or<> add(StringView text);
  Or<> add_front(StringView text);
  void remove_front();
  Or<> add_user_array(u32 array);  // of pointers, ended by 0; array 0: none. Errno::kFault, k2Big
  u32 count() const { return count_; }
  u32 bytes() const { return text_.size(); }
  const char* data() const { return text_.begin(); }

 private:
  Vector<char> text_;  // each with its terminator
  u32 count_ = 0;
};

}  // namespace ido
