// Port instructions.
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

inline void out8(u32 port, u8 value) { asm volatile("outb %0, %w1" : : "a"(value), "Nd"(port)); }
inline void out16(u32 port, u16 value) { asm volatile("outw %0, %w1" : : "a"(value), "Nd"(port)); }
inline void out32(u32 port, u32 value) { asm volatile("outl %0, %w1" : : "a"(value), "Nd"(port)); }
inline u8 in8(u32 port) {
  u8 value;
  asm volatile("inb %w1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline u16 in16(u32 port) {
  u16 value;
  asm volatile("inw %w1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
inline u32 in32(u32 port) {
  u32 value;
  asm volatile("inl %w1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

// count bytes from one port into memory.
inline void in8_many(u32 port, void* to, u32 count) {
  asm volatile("rep insb" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

inline void fill(void* to, u8 value, u32 count) {
  asm volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

}  // namespace firmware
