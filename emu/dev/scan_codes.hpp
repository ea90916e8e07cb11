// Scan codes: the three sets of the keyboard, and what the keyboard controller translates.
// Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)".
//
// A key is named here by its make code of set 1, 0x01 to 0x7f, and whether 0xe0 stands before it.
#pragma once

#include "base/types.hpp"

namespace paemu::scan_codes {
using namespace base;

inline constexpr u8 kExtended = 0xe0, kPause = 0xe1, kBreak2 = 0xf0, kBreak1 = 0x80;

// The controller's translation of a byte below 0x80 (and of 0x83 and 0x84, which are make codes too).
u8 translate(u8 code);

// The make code in set 2 (0xe0 stands before it there too), and in set 3. 0: the set has no such key.
u8 set2(u8 code);
u8 set3(u8 code, bool extended);

}  // namespace paemu::scan_codes
