// Bit-field and alignment helpers. Freestanding.
#pragma once

#include "base/types.hpp"

namespace base {

template <class T>
constexpr T bit(unsigned n) {
  return static_cast<T>(T{1} << n);
}

// Bits [first, first + count) of v, moved down to bit 0.
template <class T>
constexpr T bits(T v, unsigned first, unsigned count) {
  return static_cast<T>((v >> first) & ((T{1} << count) - 1));
}

constexpr bool is_power_of_two(u64 v) { return v != 0 && (v & (v - 1)) == 0; }

// alignment: a power of two.
template <class T>
constexpr T align_down(T v, T alignment) {
  return static_cast<T>(v & ~(alignment - 1));
}
template <class T>
constexpr T align_up(T v, T alignment) {
  return static_cast<T>((v + alignment - 1) & ~(alignment - 1));
}
template <class T>
constexpr bool is_aligned(T v, T alignment) {
  return (v & (alignment - 1)) == 0;
}

}  // namespace base
