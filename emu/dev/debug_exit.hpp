// The debug-exit port: a write of v ends the emulator with exit code (v << 1) | 1. Reads as zero.
#pragma once

#include <functional>

#include "bus/io.hpp"

namespace paemu {

class DebugExit final : public IoDevice {
 public:
  explicit DebugExit(std::function<void(u32 value)> exit) : exit_(std::move(exit)) {}
  u64 io_read(u64, u32) override { return 0; }
  void io_write(u64, u32, u64 value) override { exit_(static_cast<u32>(value)); }

 private:
  std::function<void(u32)> exit_;
};

}  // namespace paemu
