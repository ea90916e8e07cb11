// The debug console at port 0xe9: a byte a write, shown on the user's log a line at a time. Reads as 0xe9, by which
// guests know it.
#pragma once

#include <string>

#include "bus/io.hpp"
#include "replay/host_interfaces.hpp"

namespace paemu {

class PortE9 final : public IoDevice {
 public:
  explicit PortE9(Log& log) : log_(log) {}
  u64 io_read(u64, u32) override { return 0xe9; }
  void io_write(u64, u32, u64 value) override;

 private:
  static constexpr usize kLongestLine = 1024;  // a guest that never ends its line must not fill the host's memory
  Log& log_;
  std::string line_;  // not state: the guest can't see it
};

}  // namespace paemu
