// Time: nanoseconds since boot from the TSC (its rate measured against the 8254 at boot), the wall clock from the RTC
// at boot, and the periodic tick.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

struct TrapFrame;

inline constexpr u32 kTickHz = 250;
inline constexpr u64 kNsPerSecond = 1'000'000'000;

u32 tsc_khz();
u64 now_ns();       // monotonic, since boot
u64 realtime_ns();  // since 1970-01-01 00:00 UTC
void set_realtime(u64 ns);

u64 ticks();  // timer interrupts since boot
// Called at every tick with the frame that it interrupted, interrupts off.
void set_tick_hook(void (*hook)(TrapFrame&));

void delay_ns(u64 ns);  // spins

// For arch's own start: measures the TSC, reads the RTC, starts the tick.
void init_time();

}  // namespace ido
