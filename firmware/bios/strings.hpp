// The few byte and string helpers that the firmware needs.
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

inline bool equal(const void* a, const void* b, u32 count) {
  const auto* x = static_cast<const u8*>(a);
  const auto* y = static_cast<const u8*>(b);
  for (u32 i = 0; i < count; ++i) {
    if (x[i] != y[i]) return false;
  }
  return true;
}

inline bool equal(const char* a, const char* b) {
  for (; *a == *b; ++a, ++b) {
    if (*a == '\0') return true;
  }
  return false;
}

inline void fill(void* to, u8 value, u32 count) {
  asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

// What makes the sum of all bytes 0, for the byte that is 0 meanwhile.
inline u8 checksum(const void* data, u32 count) {
  const auto* bytes = static_cast<const u8*>(data);
  u8 sum = 0;
  for (u32 i = 0; i < count; ++i) sum = static_cast<u8>(sum + bytes[i]);
  return static_cast<u8>(-sum);
}

}  // namespace firmware

// The compiler may call these for copies and fills that it makes itself.
extern "C" {
void* memcpy(void* to, const void* from, base::usize count);
void* memset(void* to, int value, base::usize count);
}
