// The host's clock and calendar: the start of the guest's RTC and the stamps of QMP events. Never read while the guest
// runs.
#pragma once

#include <optional>
#include <string>

#include "base/types.hpp"

namespace paemu::host {
using namespace base;

// Microseconds since the Unix epoch.
i64 wall_clock_us();

// "2026-11-22" or "2026-11-22T02:30:00", taken as UTC: seconds since the Unix epoch. Nothing when it is no such date.
std::optional<i64> parse_utc(const std::string& text);

}  // namespace paemu::host
