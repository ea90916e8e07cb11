#include "dev/port_e9.hpp"

namespace paemu {

void PortE9::io_write(u64, u32, u64 value) {
  const u8 byte = static_cast<u8>(value);
  if (bytes_ == Bytes::kToStream) sink_.transmit(stream::kDebugConsole, {&byte, 1});
  if (lines_ == Lines::kToLog) add_to_line(static_cast<char>(byte));
}

void PortE9::add_to_line(char c) {
  if (c == '\r') return;
  if (c != '\n') line_ += c;
  if (c != '\n' && line_.size() < kLongestLine) return;
  log_.line("guest: " + line_);  // the prefix tells it from what the emulator says
  line_.clear();
}

}  // namespace paemu
