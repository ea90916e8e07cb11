// Sizes as people type them: a number and one of the suffixes B, K, M, G or T (powers of 1024, either case).
//
// Hosted programs only. "1G", "512M", "0x1000", "524288k". A number without a suffix counts in `unit` bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/types.hpp"

namespace base {

// The number of leading decimal, or after 0x hexadecimal, digits. Moves `text` past them; nothing when there are none
// or they don't fit.
inline std::optional<u64> take_number(std::string_view& text) {
  u64 radix = 10, value = 0;
  usize used = 0;
  if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') radix = 16, text.remove_prefix(2);
  for (; used < text.size(); ++used) {
    const char c = text[used], lower = static_cast<char>(c | 0x20);
    u64 digit;
    if (c >= '0' && c <= '9')
      digit = static_cast<u64>(c - '0');
    else if (radix == 16 && lower >= 'a' && lower <= 'f')
      digit = static_cast<u64>(lower - 'a' + 10);
    else
      break;
    if (value > (~u64{0} - digit) / radix) return {};
    value = value * radix + digit;
  }
  if (used == 0) return {};
  text.remove_prefix(used);
  return value;
}

inline Or<u64> parse_number(std::string_view text) {
  std::string_view rest = text;
  const std::optional<u64> value = take_number(rest);
  if (!value || !rest.empty()) return fail("\"" + std::string(text) + "\" is not a number");
  return *value;
}

inline Or<u64> parse_size(std::string_view text, u64 unit = 1) {
  std::string_view rest = text;
  const std::optional<u64> number = take_number(rest);
  if (!number) return fail("\"" + std::string(text) + "\" is not a size; give a number with K, M, G or T");
  u64 scale = unit;
  if (!rest.empty()) {
    switch (rest[0] | 0x20) {
      case 'b': scale = 1; break;
      case 'k': scale = kKiB; break;
      case 'm': scale = kMiB; break;
      case 'g': scale = kGiB; break;
      case 't': scale = 1024 * kGiB; break;
      default: scale = 0;
    }
    if (scale == 0 || rest.size() > 1)
      return fail("size \"" + std::string(text) + "\" has an unknown suffix; use K, M, G or T");
  }
  if (*number > ~u64{0} / scale) return fail("size \"" + std::string(text) + "\" is too large");
  return *number * scale;
}

// The shortest exact form: "512M", "1G", "1536K"; bytes when it is no multiple of 1 KiB.
inline std::string size_text(u64 bytes) {
  static constexpr char kSuffixes[] = "BKMGT";
  int suffix = 0;
  while (suffix < 4 && bytes != 0 && bytes % 1024 == 0) bytes /= 1024, ++suffix;
  return std::to_string(bytes) + (suffix == 0 ? "" : std::string(1, kSuffixes[suffix]));
}

}  // namespace base
