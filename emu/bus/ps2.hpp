// A PS/2 port: what the keyboard controller asks of the keyboard or mouse that is plugged in.
#pragma once

#include "base/fields.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

class Ps2Device {
 public:
  // A byte from the host: a command or its argument.
  virtual void receive(u8 byte) = 0;
  // Has it a byte to send, and which? A device raises its `attention` line while it has.
  virtual bool ready() const = 0;
  virtual u8 take() = 0;

 protected:
  ~Ps2Device() = default;
};

// The bytes that a device has still to send.
struct Ps2Queue {
  static constexpr u32 kSize = 64;
  u8 bytes[kSize] = {};
  u32 first = 0;
  u32 count = 0;
  u8 last = 0;  // taken before: what a host asks for again

  u32 room() const { return kSize - count; }
  void push(u8 byte) {
    if (count < kSize) bytes[(first + count++) % kSize] = byte;
  }
  u8 take() {
    if (count == 0) return last;
    last = bytes[first];
    first = (first + 1) % kSize;
    --count;
    return last;
  }
  void clear() { first = count = 0; }
  bool valid() const { return first < kSize && count <= kSize; }
  FIELDS(bytes, first, count, last)
};

}  // namespace paemu
