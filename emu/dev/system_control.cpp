// 0x61: D0 GATE of counter 2, D1 speaker, D2-D3 NMI sources off; read: D4 refresh toggle, D5 OUT of counter 2.
// 0x92: D0 fast reset (a rising edge resets), D1 A20.   0xcf9: D1 hard reset, D2 reset now (rising edge).
#include "dev/system_control.hpp"

namespace paemu {

namespace {

constexpr u32 kPort61 = 0, kPort92 = 1;
constexpr u64 kResetOffset = 1;  // 0xcf9 from 0xcf8
constexpr u32 kTimerCounter = 2;
constexpr u64 kRefreshTicks = 15'085;  // the refresh toggle changes once in 15.085 microseconds
constexpr u8 kFastReset = 0x01, kA20 = 0x02;
constexpr u8 kHardReset = 0x02, kResetNow = 0x04;

}  // namespace

SystemControl::SystemControl(const VirtualClock& clock, const LineProbe& timer, Callbacks callbacks)
    : clock_(clock),
      timer_(timer),
      callbacks_(std::move(callbacks)),
      ports_{Port{*this, kPort61}, Port{*this, kPort92}},
      cf8_(*this) {
  state_.port_92 = kA20;
}

void SystemControl::reset() {
  state_ = State{};
  state_.port_92 = kA20;  // A20 is open, as firmware leaves it
  timer_gate.set(false);
}

u8 SystemControl::read(u32 index) const {
  if (index == kPort92) return state_.port_92;
  const bool refresh = (clock_.now().value / kRefreshTicks) % 2 != 0;
  return static_cast<u8>(state_.port_61 | refresh << 4 | timer_.line_level(kTimerCounter) << 5);
}

void SystemControl::write(u32 index, u8 value) {
  if (index == kPort61) {
    state_.port_61 = value & 0x0f;
    timer_gate.set((value & 1) != 0);
  } else if (index == kPort92) {
    const bool resets = (value & kFastReset) != 0 && (state_.port_92 & kFastReset) == 0;
    state_.port_92 = value & (kFastReset | kA20);
    callbacks_.set_a20((value & kA20) != 0);
    if (resets) callbacks_.reset();
  }
}

u64 SystemControl::PortCf8::io_read(u64 offset, u32 size) {
  return offset == kResetOffset && size == 1 ? control.state_.port_cf9 : ~u64{0};
}

void SystemControl::PortCf8::io_write(u64 offset, u32 size, u64 value) {
  if (offset != kResetOffset || size != 1) return;
  u8& cf9 = control.state_.port_cf9;
  const bool resets = (value & kResetNow) != 0 && (cf9 & kResetNow) == 0;
  cf9 = value & (kHardReset | kResetNow);
  if (resets) control.callbacks_.reset();
}

}  // namespace paemu
