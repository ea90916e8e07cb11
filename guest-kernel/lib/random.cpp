#include "lib/random.hpp"

namespace ido {

namespace {

constexpr u64 kGolden = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio: SplitMix64's increment
u64 g_state = kGolden;

u64 next() {
  g_state += kGolden;
  u64 z = g_state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

void stir_random(u64 value) {
  g_state ^= value;
  next();
}

void random_bytes(void* to, u32 size) {
  auto* out = static_cast<u8*>(to);
  while (size > 0) {
    u64 word = next();
    for (u32 i = 0; i < 8 && size > 0; ++i, --size, word >>= 8) *out++ = static_cast<u8>(word);
  }
}

}  // namespace ido
