#include "arch/rtc.hpp"

#include "abi/ports.hpp"
#include "base/port_io.hpp"

namespace ido {
using namespace base;

namespace {

// Registers of the MC146818 and their bits (data sheet, "Address map").
constexpr u8 kSeconds = 0, kMinutes = 2, kHours = 4, kDay = 7, kMonth = 8, kYear = 9, kRegisterA = 10, kRegisterB = 11,
             kCentury = 0x32;
constexpr u8 kUpdateInProgress = 0x80, kBinary = 0x04, k24Hours = 0x02;

u8 read(u8 index) {
  out8(abi::port::kRtc, index);
  return in8(abi::port::kRtc + 1);
}

struct Fields {
  u8 second, minute, hour, day, month, year, century;
  bool operator==(const Fields&) const = default;
};

Fields read_fields() {
  for (u32 tries = 0; tries < 100000 && (read(kRegisterA) & kUpdateInProgress); ++tries) {
  }
  return {read(kSeconds), read(kMinutes), read(kHours), read(kDay), read(kMonth), read(kYear), read(kCentury)};
}

u32 from_bcd(u8 v) { return (v >> 4) * 10u + (v & 15); }

// Days from 1970-01-01 to the first of March-based year's day: the civil calendar with years that start in March.
u64 days_since_epoch(u32 year, u32 month, u32 day) {
  if (month <= 2) {
    year -= 1;
    month += 12;
  }
  const u64 days = u64{365} * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day - 1;
  return days - 719468;
}

}  // namespace

u64 read_rtc_seconds() {
  Fields f = read_fields();
  for (Fields again = read_fields(); again != f; again = read_fields()) f = again;  // an update fell between

  const u8 mode = read(kRegisterB);
  const bool afternoon = !(mode & k24Hours) && (f.hour & 0x80);
  const u8 hour_bits = static_cast<u8>(mode & k24Hours ? f.hour : f.hour & 0x7f);
  const auto number = [&](u8 v) { return mode & kBinary ? u32{v} : from_bcd(v); };
  u32 hour = number(hour_bits);
  if (!(mode & k24Hours)) hour = hour % 12 + (afternoon ? 12 : 0);
  const u32 century = number(f.century);
  const u32 year = number(f.year) + (century >= 19 && century <= 21 ? century * 100 : 2000);
  return ((days_since_epoch(year, number(f.month), number(f.day)) * 24 + hour) * 60 + number(f.minute)) * 60 +
         number(f.second);
}

}  // namespace ido
