// ByteWriter and ByteReader: the encoding of a trace's chunks. Little-endian; counts and differences as LEB128.
//
// The reader trusts nothing: past the end it reads zeroes and ok() is false from then on.
#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace paemu {
using namespace base;

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<u8>& out) : out_(out) {}

  void u8_(u8 v) { out_.push_back(v); }
  void u32_(u32 v) { fixed(v, 4); }
  void u64_(u64 v) { fixed(v, 8); }
  void number(u64 v) {
    for (; v >= 0x80; v >>= 7) out_.push_back(static_cast<u8>(v | 0x80));
    out_.push_back(static_cast<u8>(v));
  }
  void bytes(std::span<const u8> b) { out_.insert(out_.end(), b.begin(), b.end()); }
  void counted(std::span<const u8> b) {
    number(b.size());
    bytes(b);
  }
  void string(const std::string& s) { counted({reinterpret_cast<const u8*>(s.data()), s.size()}); }

 private:
  void fixed(u64 v, u32 size) {
    for (u32 i = 0; i < size; ++i, v >>= 8) out_.push_back(static_cast<u8>(v));
  }
  std::vector<u8>& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const u8> in) : in_(in) {}

  bool ok() const { return ok_; }
  bool at_end() const { return in_.empty(); }
  usize left() const { return in_.size(); }

  u8 u8_() { return static_cast<u8>(fixed(1)); }
  u32 u32_() { return static_cast<u32>(fixed(4)); }
  u64 u64_() { return fixed(8); }
  u64 number() {
    u64 v = 0;
    for (u32 shift = 0; shift < 64; shift += 7) {
      const u8 b = u8_();
      // The tenth byte holds one bit.
      if (shift == 63 && b > 1) break;
      v |= static_cast<u64>(b & 0x7f) << shift;
      if ((b & 0x80) == 0) return v;
    }
    ok_ = false;
    return 0;
  }
  std::span<const u8> bytes(u64 count) {
    if (count > in_.size()) {
      ok_ = false;
      in_ = {};
      return {};
    }
    const auto b = in_.first(count);
    in_ = in_.subspan(count);
    return b;
  }
  std::span<const u8> counted() { return bytes(number()); }
  std::string string() {
    const auto b = counted();
    return {reinterpret_cast<const char*>(b.data()), b.size()};
  }

 private:
  u64 fixed(u32 size) {
    const auto b = bytes(size);
    u64 v = 0;
    for (u32 i = 0; i < b.size(); ++i) v |= static_cast<u64>(b[i]) << (8 * i);
    return v;
  }
  std::span<const u8> in_;
  bool ok_ = true;
};

}  // namespace paemu
