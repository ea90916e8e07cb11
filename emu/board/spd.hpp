// What the EEPROM of a DIMM says of it: serial presence detect for DDR3 (JEDEC 21-C, 4.1.2.11, "Annex K").
#pragma once

#include <array>
#include <optional>

#include "base/types.hpp"

namespace paemu {
using namespace base;

// serial: a number that differs from DIMM to DIMM. A size that chips of DDR3 can't make up is shown as the next smaller
// one that they can: one to four ranks of 64 MiB to 32 GiB, by powers of two. None: less than that.
std::optional<std::array<u8, 256>> spd_of(u64 size, u32 serial);

}  // namespace paemu
