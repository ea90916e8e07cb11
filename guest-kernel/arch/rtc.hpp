// The MC146818 real-time clock, read once at boot.
#pragma once

#include "base/types.hpp"

namespace ido {
base::u64 read_rtc_seconds();  // since 1970-01-01 00:00 UTC; the clock is taken to run in UTC
}  // namespace ido
