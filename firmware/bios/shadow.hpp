// What the addresses from 0xc0000 to 1 MiB are once POST is over (i440FX data sheet, 3.2.17, PAM).
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

// Locks option ROMs up to `roms_end` and the firmware: from now on they can only be read, but for the services' variables.
void lock_shadow(u32 roms_end);

}  // namespace firmware
