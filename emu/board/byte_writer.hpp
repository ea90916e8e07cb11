// ByteWriter: builds binary tables in memory, little-endian as ACPI and fw_cfg want them.
#pragma once

#include <cassert>
#include <span>
#include <string_view>
#include <vector>

#include "base/types.hpp"

namespace paemu {
using namespace base;

class ByteWriter {
 public:
  usize size() const { return bytes_.size(); }
  std::vector<u8> take() { return std::move(bytes_); }

  template <class T>
  void number(T value) {
    for (usize i = 0; i < sizeof(T); ++i) bytes_.push_back(static_cast<u8>(static_cast<u64>(value) >> (8 * i)));
  }
  void byte(u8 v) { number(v); }
  void word(u16 v) { number(v); }
  void dword(u32 v) { number(v); }
  void qword(u64 v) { number(v); }
  void zeroes(usize count) { bytes_.resize(bytes_.size() + count); }
  void raw(std::span<const u8> data) { bytes_.insert(bytes_.end(), data.begin(), data.end()); }

  // `text` in a field of `width` bytes, filled up with `fill`.
  void text(std::string_view text, usize width, char fill = '\0') {
    assert(text.size() <= width);
    for (usize i = 0; i < width; ++i) byte(static_cast<u8>(i < text.size() ? text[i] : fill));
  }

  // alignment: a power of two.
  void align(usize alignment) { zeroes((alignment - size() % alignment) % alignment); }

  void patch_dword(usize at, u32 value) {
    assert(at + 4 <= size());
    for (usize i = 0; i < 4; ++i) bytes_[at + i] = static_cast<u8>(value >> (8 * i));
  }

 private:
  std::vector<u8> bytes_;
};

}  // namespace paemu
