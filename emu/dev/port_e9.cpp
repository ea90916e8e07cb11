#include "dev/port_e9.hpp"

namespace paemu {

void PortE9::io_write(u64, u32, u64 value) {
  const char c = static_cast<char>(value);
  if (c == '\r') return;
  if (c != '\n') line_ += c;
  if (c != '\n' && line_.size() < kLongestLine) return;
  log_.line("guest: " + line_);  // the prefix tells it from what the emulator says
  line_.clear();
}

}  // namespace paemu
