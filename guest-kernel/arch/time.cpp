#include "arch/time.hpp"

#include "abi/ports.hpp"
#include "arch/cpu.hpp"
#include "arch/interrupts.hpp"
#include "arch/pic.hpp"
#include "arch/rtc.hpp"
#include "arch/time_tick.hpp"
#include "base/port_io.hpp"
#include "lib/print.hpp"

namespace ido {

namespace {

using namespace abi::port;

constexpr u32 kPitHz = 1193182;
constexpr u32 kScaleShift = 22;

u64 tsc_at_boot;
u32 tsc_rate_khz;
u32 ns_per_tsc_scaled = 1u << kScaleShift;  // nanoseconds of a TSC count, times 2^kScaleShift
u64 realtime_at_boot_ns;
u64 tick_count;
void (*tick_hook)(TrapFrame&);

// Counts TSC while channel 2 of the 8254 counts down once (mode 0; its gate and output are in port 61h).
u64 measure_tsc_hz() {
  constexpr u32 kCount = kPitHz / 200;                                       // 5 ms
  out8(kSystemControlB, static_cast<u8>((in8(kSystemControlB) & ~2u) | 1));  // gate on, speaker off
  out8(kPit + 3, 0xb0);                                                      // channel 2, both bytes, mode 0
  out8(kPit + 2, kCount & 0xff);
  const u64 before = read_tsc();
  out8(kPit + 2, kCount >> 8);
  while (!(in8(kSystemControlB) & 0x20)) {
  }
  return (read_tsc() - before) * kPitHz / kCount;
}

void start_tick() {
  constexpr u32 kDivisor = (kPitHz + kTickHz / 2) / kTickHz;
  out8(kPit + 3, 0x34);  // channel 0, both bytes, mode 2
  out8(kPit, kDivisor & 0xff);
  out8(kPit, kDivisor >> 8);
  unmask_line(abi::irq::kPit, Trigger::kEdge);
}

// A measured rate within 1% of a whole number of MHz is that number: the measurement has jitter, oscillators do not.
u64 round_rate(u64 measured) {
  const u64 mhz = (measured + 500'000) / 1'000'000;
  const u64 rounded = mhz * 1'000'000;
  const u64 off = rounded > measured ? rounded - measured : measured - rounded;
  return mhz > 0 && off * 100 < rounded ? rounded : measured;
}

}  // namespace

void init_time() {
  tsc_at_boot = read_tsc();
  const u64 hz = round_rate(measure_tsc_hz());
  tsc_rate_khz = static_cast<u32>(hz / 1000);
  ns_per_tsc_scaled = static_cast<u32>((kNsPerSecond << kScaleShift) / hz);
  realtime_at_boot_ns = read_rtc_seconds() * kNsPerSecond - now_ns();
  print("time: TSC at %llu kHz, tick at %u Hz\n", static_cast<unsigned long long>(hz / 1000), kTickHz);
  start_tick();
}

u32 tsc_khz() { return tsc_rate_khz; }

u64 now_ns() {
  const u64 count = read_tsc() - tsc_at_boot;
  const u64 high = (count >> 32) * ns_per_tsc_scaled, low = (count & 0xffffffff) * ns_per_tsc_scaled;
  return (high << (32 - kScaleShift)) + (low >> kScaleShift);
}

u64 realtime_ns() { return realtime_at_boot_ns + now_ns(); }
void set_realtime(u64 ns) { realtime_at_boot_ns = ns - now_ns(); }
u64 ticks() { return tick_count; }
void set_tick_hook(void (*hook)(TrapFrame&)) { tick_hook = hook; }

void delay_ns(u64 ns) {
  const u64 end = now_ns() + ns;
  while (now_ns() < end) asm volatile("pause");
}

void tick(TrapFrame& frame) {
  ++tick_count;
  if (tick_hook != nullptr) tick_hook(frame);
}

}  // namespace ido
