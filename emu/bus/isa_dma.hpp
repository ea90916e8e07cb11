// IsaDma: what a chip on the ISA bus asks of the DMA controller (dev/i8237), by channel.
#pragma once

#include <span>

#include "base/types.hpp"

namespace paemu {
using namespace base;

class IsaDma {
 public:
  // How many bytes went over, and whether the channel's count ran out with the last of them (TC). A channel that is
  // masked, off or set up for the other direction moves none.
  struct Moved {
    u32 bytes = 0;
    bool terminal_count = false;
  };
  virtual Moved to_memory(u32 channel, std::span<const u8> bytes) = 0;
  virtual Moved from_memory(u32 channel, std::span<u8> bytes) = 0;

 protected:
  ~IsaDma() = default;
};

}  // namespace paemu
