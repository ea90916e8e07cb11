// FuzzInput: the fuzzer's bytes, read as choices. At their end everything is 0, so that any bytes are an input.
#pragma once

#include <span>

#include "base/types.hpp"

namespace paemu::fuzz {
using namespace base;

class FuzzInput {
 public:
  explicit FuzzInput(std::span<const u8> bytes) : bytes_(bytes) {}

  bool ended() const { return bytes_.empty(); }
  u8 byte() {
    if (bytes_.empty()) return 0;
    const u8 b = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return b;
  }
  u16 word() {
    const u8 low = byte();
    return static_cast<u16>(low | (byte() << 8));
  }
  u32 dword() {
    const u32 low = word();
    return low | (u32{word()} << 16);
  }
  // One of `count` (at most 256) cases.
  u32 below(u32 count) { return byte() % count; }

 private:
  std::span<const u8> bytes_;
};

}  // namespace paemu::fuzz
