// The debug console, a byte a write: at port 0xe9, and for SeaBIOS at 0x402. Reads as 0xe9, by which guests know it.
//
// What is written is shown on the user's log a line at a time, goes to the stream of the debug console, or both.
#pragma once

#include <string>

#include "bus/io.hpp"
#include "replay/host_interfaces.hpp"

namespace paemu {

class PortE9 final : public IoDevice {
 public:
  enum class Lines : u8 { kNo, kToLog };
  enum class Bytes : u8 { kNo, kToStream };

  PortE9(Log& log, Lines lines, SerialSink& sink, Bytes bytes) : log_(log), sink_(sink), lines_(lines), bytes_(bytes) {}
  u64 io_read(u64, u32) override { return 0xe9; }
  void io_write(u64, u32, u64 value) override;

 private:
  static constexpr usize kLongestLine = 1024;  // a guest that never ends its line must not fill the host's memory
  void add_to_line(char c);

  Log& log_;
  SerialSink& sink_;
  Lines lines_;
  Bytes bytes_;
  std::string line_;  // not state: the guest can't see it
};

}  // namespace paemu
