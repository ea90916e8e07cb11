// Addresses as the emulator's messages write them. For hosted programs.
#pragma once

#include <string>

#include "base/types.hpp"

namespace base {

// "0xfee00000"
inline std::string hex_text(u64 v) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[v & 15]);
  } while ((v >>= 4) != 0);
  return "0x" + digits;
}

}  // namespace base
