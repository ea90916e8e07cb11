// Between ticks and the cycles of a chip's own clock that started with the machine. Exact for every tick and frequency
// below 4 GHz, without 128-bit arithmetic.
#pragma once

#include "time/ticks.hpp"

namespace paemu {

// Whole cycles of `hz` that have passed at `now`.
constexpr u64 cycles_at(Ticks now, u64 hz) {
  const u64 seconds = now.value / kTicksPerSecond, rest = now.value % kTicksPerSecond;
  return seconds * hz + rest * hz / kTicksPerSecond;
}

// The first tick at which `cycle` cycles have passed: cycles_at(first_tick_of(c)) == c where hz < kTicksPerSecond.
constexpr Ticks first_tick_of(u64 cycle, u64 hz) {
  const u64 seconds = cycle / hz, rest = cycle % hz;
  return Ticks{seconds * kTicksPerSecond + (rest * kTicksPerSecond + hz - 1) / hz};
}

}  // namespace paemu
