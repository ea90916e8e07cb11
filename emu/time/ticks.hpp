// Ticks: the one time type. A tick is a virtual nanosecond, and one retired instruction takes one tick.
//
// Virtual time is retired instructions plus the ticks skipped in HLT; nothing here reads the host's clock.
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

using Ticks = base::Strong<struct TicksTag, u64>;

inline constexpr u64 kTicksPerSecond = 1'000'000'000;
inline constexpr Ticks kNever{~u64{0}};

}  // namespace paemu
