// The VBE modes.
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

struct VbeMode {
  u16 number, width, height, depth;
};

inline constexpr u16 kVbeModes = 61;
extern const VbeMode kVbeModeTable[kVbeModes];

// False: there is no such mode.
bool find_vbe_mode(u16 number, VbeMode& mode);

inline constexpr u32 kMemory = 16u << 20;

}  // namespace vgabios
