// SDL's scan codes (the USB usages of keys) as the scan codes of set 1 that arrivals have.
#pragma once

#include <vector>

#include "base/types.hpp"

namespace paemu::host {
using namespace base;

// Bit 7: extended, e0 stands before it. 0: no key of a PC. 0xc5 stands for Pause.
u8 key_of_sdl(u32 scan_code);
std::vector<u8> key_codes(u8 key, bool down);

}  // namespace paemu::host
