// Registers (data sheet, "Address map"):
//
//   0x00 seconds  0x02 minutes  0x04 hours  0x06 day of week (Sunday 1)  0x07 date  0x08 month  0x09 year
//   0x01, 0x03, 0x05 the alarm's; 0xc0-0xff there means any
//   0x0a A: D7 UIP, D6-D4 divider, D3-D0 rate     0x0c C: D7 IRQF, D6 PF, D5 AF, D4 UF, cleared by reading
//   0x0b B: D7 SET, D6 PIE, D5 AIE, D4 UIE, D3 SQWE, D2 DM (binary), D1 24/12, D0 DSE     0x0d D: D7 VRT
//   0x32 century, as the PC AT keeps it
#include "dev/mc146818.hpp"

#include <algorithm>

#include "base/bits.hpp"

namespace paemu {

namespace {

constexpr u8 kSeconds = 0x00, kSecondsAlarm = 0x01, kMinutes = 0x02, kMinutesAlarm = 0x03, kHours = 0x04,
             kHoursAlarm = 0x05, kWeekday = 0x06, kDay = 0x07, kMonth = 0x08, kYear = 0x09, kA = 0x0a, kB = 0x0b,
             kC = 0x0c, kD = 0x0d, kCentury = 0x32;

constexpr u8 kUpdateInProgress = 0x80;  // A
constexpr u8 kSet = 0x80, kPeriodicEnable = 0x40, kAlarmEnable = 0x20, kUpdateEnable = 0x10, kBinary = 0x04,
             k24Hours = 0x02;                                                               // B
constexpr u8 kIrqFlag = 0x80, kPeriodicFlag = 0x40, kAlarmFlag = 0x20, kUpdateFlag = 0x10;  // C
constexpr u8 kValid = 0x80;                                                                 // D
constexpr u8 kAfternoon = 0x80;  // of the hour in 12-hour mode

constexpr u64 kUpdateWarningTicks = 244'000;  // UIP rises this long before an update (data sheet, "Update cycle")

u32 days_in_month(u32 month, u32 year) {
  constexpr u8 kDays[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return 31;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

}  // namespace

Mc146818::Mc146818(EventQueue& events, const VirtualClock& clock)
    : events_(events),
      clock_(clock),
      second_(events.add("rtc.second", *this, kSecond)),
      periodic_(events.add("rtc.periodic", *this, kPeriodic)) {
  state_.cmos[kA] = 0x26;  // 32768 Hz crystal, 1024 Hz rate
  state_.cmos[kB] = k24Hours;
  state_.cmos[kD] = kValid;
  start(0);
}

void Mc146818::start(i64 epoch_seconds) {
  // Civil date from days, year by year: at most a few thousand steps, once a run. What a century byte can't hold is
  // cut.
  constexpr i64 kLast = 253402300799;  // 9999-12-31 23:59:59
  const u64 seconds = static_cast<u64>(std::clamp<i64>(epoch_seconds, 0, kLast));
  u64 days = seconds / 86400;
  const u32 weekday = static_cast<u32>((days + 4) % 7);  // 1970-01-01 was a Thursday
  u32 year = 1970;
  for (;;) {
    const u32 length = days_in_month(2, year) == 29 ? 366 : 365;
    if (days < length) break;
    days -= length;
    ++year;
  }
  u32 month = 1;
  while (days >= days_in_month(month, year)) days -= days_in_month(month++, year);

  state_.cmos[kSeconds] = encode(static_cast<u32>(seconds % 60));
  state_.cmos[kMinutes] = encode(static_cast<u32>(seconds / 60 % 60));
  set_hour(static_cast<u32>(seconds / 3600 % 24));
  state_.cmos[kWeekday] = encode(weekday + 1);
  state_.cmos[kDay] = encode(static_cast<u32>(days) + 1);
  state_.cmos[kMonth] = encode(month);
  state_.cmos[kYear] = encode(year % 100);
  state_.cmos[kCentury] = encode(year / 100);
  events_.arm(second_, clock_.now() + kTicksPerSecond);
}

void Mc146818::set_memory_size(u64 below_4g, u64 above_4g) {
  const auto put = [this](u8 at, u64 value, u32 bytes) {
    for (u32 i = 0; i < bytes; ++i) state_.cmos[at + i] = static_cast<u8>(value >> (8 * i));
  };
  const u64 above_1m = below_4g > kMiB ? below_4g - kMiB : 0;
  const u64 above_16m = below_4g > 16 * kMiB ? below_4g - 16 * kMiB : 0;
  put(0x15, 640, 2);
  put(0x17, std::min<u64>(above_1m / kKiB, 0xffff), 2);
  put(0x30, std::min<u64>(above_1m / kKiB, 0xffff), 2);
  put(0x34, std::min<u64>(above_16m / (64 * kKiB), 0xffff), 2);
  put(0x5b, std::min<u64>(above_4g / (64 * kKiB), 0xffffff), 3);
}

void Mc146818::set_floppy_types(u8 types) {
  constexpr u8 kFpu = 0x02, kMouse = 0x04, kFloppies = 0x01, kTwoFloppies = 0x40;
  state_.cmos[0x10] = types;
  u8 equipment = kFpu | kMouse;
  if (types != 0) equipment |= kFloppies;
  if ((types & 0x0f) != 0) equipment |= kTwoFloppies;
  state_.cmos[0x14] = equipment;
}

void Mc146818::set_boot_order(std::string_view letters) {
  constexpr std::string_view kKinds = "acdn";  // 1 to 4
  u8 nibbles[3] = {};
  for (usize i = 0; i < std::min<usize>(letters.size(), 3); ++i) {
    const usize kind = kKinds.find(letters[i]);
    nibbles[i] = kind == std::string_view::npos ? 0 : static_cast<u8>(kind + 1);
  }
  constexpr u8 kNoFloppyCheck = 1;  // a diskette need not end its boot sector with 55 AA
  state_.cmos[0x3d] = static_cast<u8>(nibbles[1] << 4 | nibbles[0]);
  state_.cmos[0x38] = static_cast<u8>(nibbles[2] << 4 | kNoFloppyCheck);
}

void Mc146818::reset() {
  state_.index = 0;
  state_.cmos[kB] &= static_cast<u8>(~(kPeriodicEnable | kAlarmEnable | kUpdateEnable | 0x08));
  state_.cmos[kC] = 0;
  schedule_periodic(clock_.now());
  update_irq();
}

u8 Mc146818::encode(u32 value) const {
  if ((state_.cmos[kB] & kBinary) != 0) return static_cast<u8>(value);
  return static_cast<u8>(value / 10 % 10 << 4 | value % 10);
}

u32 Mc146818::decode(u8 value) const {
  if ((state_.cmos[kB] & kBinary) != 0) return value;
  return (value >> 4) * 10u + (value & 15u);
}

u32 Mc146818::hour() const {
  const u8 raw = state_.cmos[kHours];
  if ((state_.cmos[kB] & k24Hours) != 0) return decode(raw);
  return decode(raw & 0x7f) % 12 + ((raw & kAfternoon) != 0 ? 12 : 0);
}

void Mc146818::set_hour(u32 hour) {
  u8& raw = state_.cmos[kHours];
  if ((state_.cmos[kB] & k24Hours) != 0) {
    raw = encode(hour);
  } else {
    raw = static_cast<u8>(encode(hour % 12 == 0 ? 12 : hour % 12) | (hour >= 12 ? kAfternoon : 0));
  }
}

// One step of each counter that its neighbour carries into. Values that the guest left out of range wrap at once.
void Mc146818::advance_second() {
  const auto step = [this](u8 at, u32 first, u32 last) {
    const u32 next = decode(state_.cmos[at]) + 1;
    state_.cmos[at] = encode(next > last ? first : next);
    return next > last;
  };
  if (!step(kSeconds, 0, 59) || !step(kMinutes, 0, 59)) return;
  const u32 next_hour = hour() + 1;
  set_hour(next_hour > 23 ? 0 : next_hour);
  if (next_hour <= 23) return;
  step(kWeekday, 1, 7);
  const u32 year = decode(state_.cmos[kCentury]) * 100 + decode(state_.cmos[kYear]);
  if (!step(kDay, 1, days_in_month(decode(state_.cmos[kMonth]), year)) || !step(kMonth, 1, 12)) return;
  if (step(kYear, 0, 99)) step(kCentury, 0, 99);
}

bool Mc146818::alarm_matches() const {
  const auto matches = [this](u8 alarm, u8 time) {
    return (state_.cmos[alarm] & 0xc0) == 0xc0 || state_.cmos[alarm] == state_.cmos[time];
  };
  return matches(kSecondsAlarm, kSeconds) && matches(kMinutesAlarm, kMinutes) && matches(kHoursAlarm, kHours);
}

// Data sheet, table "Periodic interrupt rate": 2^(rate-1) cycles of 32768 Hz, rates 1 and 2 as 8 and 9.
u64 Mc146818::period_ticks() const {
  u32 rate = state_.cmos[kA] & 15;
  if (rate == 0) return 0;
  if (rate < 3) rate += 7;
  return (kTicksPerSecond << (rate - 1)) / 32768;
}

// PF is set by periods that nobody waits for, too; those are counted only when somebody looks.
void Mc146818::note_periods(Ticks now) {
  const u64 period = period_ticks();
  if (period != 0 && now.value / period != state_.periodic_seen.value / period) state_.cmos[kC] |= kPeriodicFlag;
  state_.periodic_seen = now;
}

void Mc146818::schedule_periodic(Ticks now) {
  const u64 period = period_ticks();
  if (period == 0 || (state_.cmos[kB] & kPeriodicEnable) == 0)
    events_.disarm(periodic_);
  else
    events_.arm(periodic_, Ticks{(now.value / period + 1) * period});
}

void Mc146818::update_irq() {
  const bool active = (state_.cmos[kC] & state_.cmos[kB] & (kPeriodicFlag | kAlarmFlag | kUpdateFlag)) != 0;
  if (active)
    state_.cmos[kC] |= kIrqFlag;
  else
    state_.cmos[kC] &= static_cast<u8>(~kIrqFlag);
  irq.set(active);
}

void Mc146818::on_event(u32 event, Ticks now) {
  if (event == kPeriodic) {
    note_periods(now);
    schedule_periodic(now);
  } else {
    events_.arm(second_, now + kTicksPerSecond);
    if ((state_.cmos[kB] & kSet) != 0) return;
    advance_second();
    state_.cmos[kC] |= kUpdateFlag;
    if (alarm_matches()) state_.cmos[kC] |= kAlarmFlag;
  }
  update_irq();
}

u64 Mc146818::io_read(u64 offset, u32) { return offset == 0 ? 0xff : read_register(state_.index); }

void Mc146818::io_write(u64 offset, u32, u64 value) {
  if (offset == 0)
    state_.index = value & 0x7f;  // D7 masks NMI, of which the board has none
  else
    write_register(state_.index, static_cast<u8>(value));
}

u8 Mc146818::read_register(u8 index) {
  const Ticks now = clock_.now();
  if (index == kA) {
    const bool soon = (state_.cmos[kB] & kSet) == 0 && events_.deadline(second_) - now <= kUpdateWarningTicks;
    return static_cast<u8>(state_.cmos[kA] | (soon ? kUpdateInProgress : 0));
  }
  if (index == kC) {
    note_periods(now);
    update_irq();
    const u8 flags = state_.cmos[kC];
    state_.cmos[kC] = 0;
    update_irq();
    return flags;
  }
  return state_.cmos[index];
}

void Mc146818::write_register(u8 index, u8 value) {
  const Ticks now = clock_.now();
  if (index == kC || index == kD) return;  // read only
  note_periods(now);
  if (index == kA)
    state_.cmos[kA] = value & static_cast<u8>(~kUpdateInProgress);
  else if (index == kB)
    state_.cmos[kB] = (value & kSet) != 0 ? value & static_cast<u8>(~kUpdateEnable) : value;
  else
    state_.cmos[index] = value;
  if (index == kA || index == kB) {
    schedule_periodic(now);
    update_irq();
  }
}

}  // namespace paemu
