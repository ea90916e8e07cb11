#include "bus/ata.hpp"

#include <algorithm>
#include <cassert>

namespace paemu {

using namespace ata;

namespace {

constexpr u64 kResetTicks = 200'000;  // far less than the 31 s that a device may take (9.2)
constexpr u8 kExecuteDiagnostic = 0x90, kDeviceReset = 0x08;

}  // namespace

// --- Registers.

u8 AtaDevice::read_register(u32 reg) {
  TaskFile& r = registers_;
  const u32 which = (r.control & kHighOrder) != 0 ? 1 : 0;
  switch (reg) {
    case kError: return r.error;
    case kCount: return r.count[which];
    case kLbaLow: return r.lba_low[which];
    case kLbaMid: return r.lba_mid[which];
    case kLbaHigh: return r.lba_high[which];
    case kDevice: return r.device;
    case kStatus: {
      const u8 status = r.status;
      lower_interrupt();
      return status;
    }
    default: return 0xff;
  }
}

void AtaDevice::write_register(u32 reg, u8 value) {
  TaskFile& r = registers_;
  if (reg == kCommand) {
    const bool for_me = selected() || value == kExecuteDiagnostic;
    // A packet device takes DEVICE RESET while it is busy (9.1); every other command then would be a host's error.
    const bool can = (r.status & (kBusy | kDrq)) == 0 || value == kDeviceReset;
    if (!for_me || !can || r.phase == Phase::kReset) return;
    lower_interrupt();
    r.command = value;
    r.error = 0;
    r.status = static_cast<u8>(r.status & ~(kErr | kDeviceFault | kDrq));
    r.buffer.clear();
    r.position = 0;
    execute(value);
    return;
  }
  if ((r.status & (kBusy | kDrq)) != 0 && reg != kDevice) return;  // 7.1: their contents are the device's now
  r.control = static_cast<u8>(r.control & ~kHighOrder);            // 6.20: each write shows the newer values again
  const auto push = [value](u8(&queue)[2]) { queue[1] = queue[0], queue[0] = value; };
  switch (reg) {
    case kFeatures: push(r.features); break;
    case kCount: push(r.count); break;
    case kLbaLow: push(r.lba_low); break;
    case kLbaMid: push(r.lba_mid); break;
    case kLbaHigh: push(r.lba_high); break;
    case kDevice: r.device = value; break;
    default: break;
  }
}

void AtaDevice::write_control(u8 value) {
  const u8 before = registers_.control;
  registers_.control = value;
  if ((value & kSoftReset) != 0) {
    events_.disarm(step_);
    registers_.phase = Phase::kReset;
    registers_.status = kBusy;
    lower_interrupt();
  } else if ((before & kSoftReset) != 0) {
    on_reset(Reset::kSoftware);
    events_.arm(step_, clock_.now() + kResetTicks);
  }
  if (cable_ != nullptr) cable_->on_interrupt_changed();
}

// --- Resets.

void AtaDevice::hardware_reset() {
  events_.disarm(step_);
  registers_ = TaskFile{};
  on_reset(Reset::kHardware);
  reset_registers();
  if (cable_ != nullptr) cable_->on_interrupt_changed();
}

void AtaDevice::device_reset() {
  events_.disarm(step_);
  on_reset(Reset::kSoftware);
  const u8 selection = registers_.device & kSecondDevice;
  reset_registers();
  registers_.device = selection;  // 9.1: the selection stays
}

void AtaDevice::reset_registers() {
  TaskFile& r = registers_;
  r.phase = Phase::kIdle;
  r.buffer.clear();
  r.position = 0;
  r.device = 0;
  r.error = kDiagnosticPassed;
  put_signature();
}

void AtaDevice::set_signature(u8 mid, u8 high, u8 status) {
  registers_.status = status;
  registers_.count[0] = registers_.lba_low[0] = 1;
  registers_.lba_mid[0] = mid;
  registers_.lba_high[0] = high;
}

// --- Data.

u32 AtaDevice::read_data(u32 size) {
  TaskFile& r = registers_;
  if (r.phase != Phase::kPioIn) return 0;
  u32 value = 0;
  const u32 left = static_cast<u32>(r.buffer.size()) - r.position;
  for (u32 i = 0; i < size && i < left; ++i) value |= u32{r.buffer[r.position + i]} << (8 * i);
  advance(size);
  return value;
}

void AtaDevice::write_data(u32 size, u32 value) {
  TaskFile& r = registers_;
  if (r.phase != Phase::kPioOut) return;
  for (u32 i = 0; i < size && r.position + i < r.buffer.size(); ++i)
    r.buffer[r.position + i] = static_cast<u8>(value >> (8 * i));
  advance(size);
}

std::span<const u8> AtaDevice::dma_in() const {
  if (registers_.phase != Phase::kDmaIn) return {};
  return std::span<const u8>(registers_.buffer).subspan(registers_.position);
}

std::span<u8> AtaDevice::dma_out() {
  if (registers_.phase != Phase::kDmaOut) return {};
  return std::span<u8>(registers_.buffer).subspan(registers_.position);
}

void AtaDevice::dma_done(usize bytes) { advance(bytes); }

void AtaDevice::advance(usize bytes) {
  TaskFile& r = registers_;
  r.position = static_cast<u32>(std::min<usize>(r.position + bytes, r.buffer.size()));
  if (r.position != r.buffer.size()) return;
  const bool in = r.phase == Phase::kPioIn || r.phase == Phase::kDmaIn;
  r.status = static_cast<u8>(r.status & ~kDrq);
  r.phase = Phase::kIdle;
  if (in)
    on_drained();
  else
    on_filled();
}

// --- What chips do.

void AtaDevice::busy_for(u64 ticks) {
  registers_.phase = Phase::kBusy;
  registers_.status = static_cast<u8>((registers_.status & ~kDrq) | kBusy);
  events_.arm(step_, clock_.now() + ticks);
}

void AtaDevice::on_event(u32, Ticks) {
  registers_.status = static_cast<u8>(registers_.status & ~kBusy);
  if (registers_.phase == Phase::kReset) return reset_registers();
  registers_.phase = Phase::kIdle;
  on_ready();
}

void AtaDevice::offer(Phase in, std::vector<u8> bytes) {
  assert(!bytes.empty() && bytes.size() <= kLargestBuffer);
  registers_.buffer = std::move(bytes);
  registers_.position = 0;
  registers_.phase = in;
  registers_.status = static_cast<u8>((registers_.status & ~kBusy) | kReady | kDrq);
  if (in == Phase::kDmaIn && cable_ != nullptr) cable_->on_dma_request();
}

void AtaDevice::ask(Phase out, usize bytes) {
  assert(bytes != 0 && bytes <= kLargestBuffer);
  registers_.buffer.assign(bytes, 0);
  registers_.position = 0;
  registers_.phase = out;
  registers_.status = static_cast<u8>((registers_.status & ~kBusy) | kReady | kDrq);
  if (out == Phase::kDmaOut && cable_ != nullptr) cable_->on_dma_request();
}

void AtaDevice::raise_interrupt() {
  registers_.interrupt = true;
  if (cable_ != nullptr) cable_->on_interrupt_changed();
}

void AtaDevice::lower_interrupt() {
  if (!registers_.interrupt) return;
  registers_.interrupt = false;
  if (cable_ != nullptr) cable_->on_interrupt_changed();
}

void AtaDevice::finish(u8 status) {
  registers_.phase = Phase::kIdle;
  registers_.status = status;
  registers_.buffer.clear();
  registers_.position = 0;
  raise_interrupt();
}

void AtaDevice::fail(u8 error) {
  registers_.error = error;
  finish(kReady | kSeekComplete | kErr);
}

}  // namespace paemu
