// The ChaCha20 block function (RFC 8439, 2.3): 64 bytes that nobody can tell from chance without the key, and that
// follow from key and counter alone. The nonce is zero: a key is used for one stream.
#pragma once

#include <array>
#include <bit>

#include "base/types.hpp"

namespace paemu {
using namespace base;

using ChaChaKey = std::array<u8, 32>;
using ChaChaBlock = std::array<u8, 64>;

inline ChaChaBlock chacha20_block(const ChaChaKey& key, u64 counter) {
  u32 initial[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (u32 i = 0; i < 32; ++i) initial[4 + i / 4] |= u32{key[i]} << (8 * (i % 4));
  initial[12] = static_cast<u32>(counter);
  initial[13] = static_cast<u32>(counter >> 32);  // more than the RFC's 32 bits: the stream does not end

  u32 x[16];
  for (u32 i = 0; i < 16; ++i) x[i] = initial[i];
  const auto quarter = [&x](u32 a, u32 b, u32 c, u32 d) {
    x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = std::rotl(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = std::rotl(x[b] ^ x[c], 7);
  };
  for (u32 round = 0; round < 10; ++round) {
    for (u32 i = 0; i < 4; ++i) quarter(i, 4 + i, 8 + i, 12 + i);
    for (u32 i = 0; i < 4; ++i) quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
  }
  ChaChaBlock out;
  for (u32 i = 0; i < 64; ++i) out[i] = static_cast<u8>((x[i / 4] + initial[i / 4]) >> (8 * (i % 4)));
  return out;
}

}  // namespace paemu
