// Code that a case makes as it runs: one buffer, written anew for each piece of code.
#pragma once

#include "frame.hpp"

namespace bare {

inline u8 code[64];
inline u32 code_size;  // bytes that append() has put into it; begin_code() starts over

// The linear address of a byte of it.
inline u32 code_at(u32 offset) { return reinterpret_cast<u32>(code) + offset; }

inline void begin_code() { code_size = 0; }
template <class... Bytes>
void append(Bytes... bytes) {
  const u8 all[] = {static_cast<u8>(bytes)...};
  for (const u8 b : all) code[code_size++] = b;
  asm volatile("" : : : "memory");
}
// These bytes alone, and NOPs up to the end of the buffer.
template <class... Bytes>
void fill(Bytes... bytes) {
  begin_code();
  append(bytes...);
  while (code_size < sizeof code) append(0x90);
}

}  // namespace bare
