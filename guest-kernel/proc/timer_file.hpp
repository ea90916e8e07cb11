// timerfd_create(2): a timer whose expirations are read from a file.
#pragma once

#include "fs/file.hpp"

namespace ido {

struct TimerSetting {
  u64 first_ns = 0;     // until it first expires; 0: disarmed
  u64 interval_ns = 0;  // between expirations; 0: once
};

enum class TimerClock : u8 { kMonotonic, kRealtime };

Or<Ref<fs::File>> make_timer_file(TimerClock clock, u32 open_flags);
// `absolute`: first_ns is a point of the timer's clock. Returns the old setting. Errno::kInval: no such file.
Or<TimerSetting> set_timer_file(fs::File& file, const TimerSetting& setting, bool absolute);
Or<TimerSetting> timer_file_setting(fs::File& file);

}  // namespace ido
