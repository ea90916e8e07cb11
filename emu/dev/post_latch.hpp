// The POST code latch at port 0x80: keeps the last byte written, for people and for delays.
#pragma once

#include "base/fields.hpp"
#include "bus/io.hpp"

namespace paemu {

class PostLatch final : public IoDevice {
 public:
  struct State {
    u8 code = 0;
    FIELDS(code)
  };
  u64 io_read(u64, u32) override { return state_.code; }
  void io_write(u64, u32, u64 value) override { state_.code = static_cast<u8>(value); }
  void reset() { state_ = {}; }
  State& state() { return state_; }

 private:
  State state_;
};

}  // namespace paemu
