// From scan codes of set 1 to what INT 16h returns: scan code and character (IBM PS/2 BIOS Interface Technical Reference,
// INT 16h and "Scan code/character code combinations").
#include "services/keyboard.hpp"

namespace services {

namespace {

constexpr u8 kShiftKeys = 0x03, kControl = 0x04, kAlt = 0x08, kNumLock = 0x20, kCapsLock = 0x40;

struct Row {
  u8 first;  // scan code of the first character
  const char* plain;
  const char* shifted;
};

// The characters of the main block, row by row.
constexpr char kRow0[] = "1234567890-=", kRow0Shifted[] = "!@#$%^&*()_+";
constexpr char kRow1[] = "qwertyuiop[]", kRow1Shifted[] = "QWERTYUIOP{}";
constexpr char kRow2[] = "asdfghjkl;'`", kRow2Shifted[] = "ASDFGHJKL:\"~";
constexpr char kRow3[] = "\\zxcvbnm,./", kRow3Shifted[] = "|ZXCVBNM<>?";

// Keypad, 47 (Home) to 53 (Del).
constexpr char kDigits[] = "789-456+1230.";
constexpr u8 kControlKeypad[] = {0x77, 0x8d, 0x84, 0x8e, 0x73, 0x8f, 0x74, 0x90, 0x75, 0x91, 0x76, 0x92, 0x93};
constexpr u8 kAltCursor[] = {0x97, 0x98, 0x99, 0, 0x9b, 0, 0x9d, 0, 0x9f, 0xa0, 0xa1, 0xa2, 0xa3};

constexpr u16 word(u32 scan, u32 character) { return static_cast<u16>(scan << 8 | character); }

char character_of(u8 scan, bool shifted) {
  if (scan >= 0x02 && scan <= 0x0d) return (shifted ? kRow0Shifted : kRow0)[scan - 0x02];
  if (scan >= 0x10 && scan <= 0x1b) return (shifted ? kRow1Shifted : kRow1)[scan - 0x10];
  if (scan >= 0x1e && scan <= 0x29) return (shifted ? kRow2Shifted : kRow2)[scan - 0x1e];
  if (scan >= 0x2b && scan <= 0x35) return (shifted ? kRow3Shifted : kRow3)[scan - 0x2b];
  return 0;
}

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

u16 main_block(u8 scan, u8 shift) {
  const char plain = character_of(scan, false);
  if (shift & kAlt) return scan <= 0x0d ? word(scan - 0x02 + 0x78, 0) : word(scan, 0);
  if (shift & kControl) {
    if (is_letter(plain)) return word(scan, static_cast<u8>(plain) & 0x1f);
    switch (plain) {
      case '2': return word(scan, 0);
      case '6': return word(scan, 0x1e);
      case '-': return word(scan, 0x1f);
      case '[': return word(scan, 0x1b);
      case '\\': return word(scan, 0x1c);
      case ']': return word(scan, 0x1d);
      default: return kNoKey;
    }
  }
  bool shifted = (shift & kShiftKeys) != 0;
  if (is_letter(plain) && (shift & kCapsLock)) shifted = !shifted;
  return word(scan, static_cast<u8>(character_of(scan, shifted)));
}

u16 function_key(u8 scan, u8 shift) {
  const bool late = scan >= 0x57;  // F11, F12
  const u8 number = late ? scan - 0x57 : scan - 0x3b;
  if (shift & kAlt) return word((late ? 0x8b : 0x68) + number, 0);
  if (shift & kControl) return word((late ? 0x89 : 0x5e) + number, 0);
  if (shift & kShiftKeys) return word((late ? 0x87 : 0x54) + number, 0);
  return word((late ? 0x85 : 0x3b) + number, 0);
}

u16 keypad(u8 scan, bool extended, u8 shift) {
  const u32 i = scan - 0x47u;
  const bool sign = scan == 0x4a || scan == 0x4e;
  if (extended) {
    if (sign || scan == 0x4c) return kNoKey;
    if (shift & kAlt) return word(kAltCursor[i], 0);
    if (shift & kControl) return word(kControlKeypad[i], 0xe0);
    return word(scan, 0xe0);
  }
  if (shift & kAlt) return sign ? word(scan, 0) : kNoKey;  // digits make a character by its code
  if (shift & kControl) return word(kControlKeypad[i], 0);
  const bool digits = ((shift & kNumLock) != 0) != ((shift & kShiftKeys) != 0);
  if (sign || digits) return word(scan, static_cast<u8>(kDigits[i]));
  return word(scan, 0);
}

struct Special {
  u8 scan;
  bool extended;
  u16 plain, shifted, control, alt;
};
constexpr Special kSpecials[] = {
    {0x01, false, 0x011b, 0x011b, 0x011b, 0x0100},  // Esc
    {0x0e, false, 0x0e08, 0x0e08, 0x0e7f, 0x0e00},  // Backspace
    {0x0f, false, 0x0f09, 0x0f00, 0x9400, 0xa500},  // Tab
    {0x1c, false, 0x1c0d, 0x1c0d, 0x1c0a, 0x1c00},  // Enter
    {0x1c, true, 0xe00d, 0xe00d, 0xe00a, 0xa600},
    {0x35, true, 0xe02f, 0xe02f, 0x9500, 0xa400},  // keypad /
    {0x37, false, 0x372a, 0x372a, 0x9600, 0x3700},  // keypad *
    {0x39, false, 0x3920, 0x3920, 0x3920, 0x3920},  // Space
    {0x56, false, 0x565c, 0x567c, kNoKey, kNoKey},  // the 102nd key
};

}  // namespace

u16 translate_key(u8 scan, bool extended, u8 shift) {
  for (const Special& s : kSpecials) {
    if (s.scan != scan || s.extended != extended) continue;
    return shift & kAlt ? s.alt : shift & kControl ? s.control : shift & kShiftKeys ? s.shifted : s.plain;
  }
  if (scan >= 0x47 && scan <= 0x53) return keypad(scan, extended, shift);
  if (extended) return kNoKey;
  if ((scan >= 0x3b && scan <= 0x44) || scan == 0x57 || scan == 0x58) return function_key(scan, shift);
  return character_of(scan, false) != 0 ? main_block(scan, shift) : kNoKey;
}

}  // namespace services
