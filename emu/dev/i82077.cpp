// Registers, phases, resets, seeks and the commands that move no data. Those that do are i82077_sectors.cpp.
#include "dev/i82077.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "dev/i82077_bits.hpp"

namespace paemu {

using namespace fdc;

namespace {

constexpr u64 kResetTicks = 20'000, kSeekTicks = 100'000, kTrackTicks = 20'000;

}  // namespace

I82077::I82077(EventQueue& events, const VirtualClock& clock, IsaDma& dma)
    : events_(events), clock_(clock), dma_(dma), change_port_(*this) {
  step_ = events.add("fdc.step", *this, kStep);
  seeks_[0] = events.add("fdc.seek0", *this, kSeek0);
  seeks_[1] = events.add("fdc.seek1", *this, kSeek1);
  reset_done_ = events.add("fdc.reset", *this, kResetDone);
}

void I82077::attach(u32 number, Drive& drive) {
  assert(number < kDrives);
  drives_[number] = &drive;
  listeners_[number].owner = this;
  listeners_[number].number = number;
  drive.set_listener(&listeners_[number]);
}

void I82077::reset() {
  for (const EventQueue::Handle event : {step_, seeks_[0], seeks_[1], reset_done_}) events_.disarm(event);
  const auto drives = state_.drives;
  state_ = State{};
  for (u32 i = 0; i < kDrives; ++i) state_.drives[i].changed = drives[i].changed;
  irq.set(false);
}

// A reset by DOR or DSR (2.1.2, 2.1.5): settings stay if they are locked. While polling is on, an interrupt then tells
// that the drives became ready.
void I82077::controller_reset() {
  for (const EventQueue::Handle event : {step_, seeks_[0], seeks_[1]}) events_.disarm(event);
  for (DriveState& drive : state_.drives) drive.seeking = false;
  state_.phase = Phase::kCommand;
  state_.count = state_.taken = 0;
  state_.data_ready = false;
  state_.seek_result = {};
  state_.resets_to_tell = 0;
  lower();
  if (!state_.locked) state_.configuration = state_.precompensation = 0;
}

void I82077::raise() {
  state_.interrupt = true;
  irq.set((state_.output & kDmaGate) != 0);
}

void I82077::lower() {
  state_.interrupt = false;
  irq.set(false);
}

// --- Registers.

u8 I82077::main_status() const {
  u8 status = 0;
  for (u32 i = 0; i < kDrives; ++i) status = static_cast<u8>(status | (state_.drives[i].seeking ? 1u << i : 0));
  if ((state_.output & kNotReset) == 0 || events_.armed(reset_done_)) return status;
  switch (state_.phase) {
    case Phase::kCommand: return static_cast<u8>(status | kRequest | (state_.count != 0 ? kCommandBusy : 0));
    case Phase::kResult: return static_cast<u8>(status | kRequest | kToHost | kCommandBusy);
    case Phase::kExecution: {
      status |= kCommandBusy;
      if (!state_.non_dma || !state_.data_ready) return status;
      return static_cast<u8>(status | kNonDma | kRequest | (moves_to_host() ? kToHost : 0));
    }
  }
  return status;
}

u64 I82077::io_read(u64 offset, u32) {
  switch (offset) {
    case 0: return state_.interrupt ? 0x80 : 0x00;      // SRA: INT PENDING
    case 1: return 0xc0 | (state_.output & 0x30) >> 4;  // SRB: motors
    case 2: return state_.output;
    case 3: return state_.tape;
    case 4: return main_status();
    case 5: return read_fifo();
    default: return 0xff;
  }
}

void I82077::io_write(u64 offset, u32, u64 value) {
  const u8 byte = static_cast<u8>(value);
  switch (offset) {
    case 2: return write_output(byte);
    case 3: state_.tape = byte & 3; return;
    case 4:  // DSR: bit 7 resets and goes off by itself
      state_.rate = byte & 3;
      if ((byte & 0x80) == 0) return;
      controller_reset();
      events_.arm(reset_done_, clock_.now() + kResetTicks);
      return;
    case 5: return write_fifo(byte);
    default: return;
  }
}

void I82077::write_output(u8 value) {
  const u8 before = state_.output;
  state_.output = value;
  if ((value & kNotReset) == 0) {
    events_.disarm(reset_done_);
    controller_reset();
  } else if ((before & kNotReset) == 0) {
    events_.arm(reset_done_, clock_.now() + kResetTicks);
  }
  irq.set(state_.interrupt && (value & kDmaGate) != 0);
}

u64 I82077::ChangePort::io_read(u64, u32) {
  const u32 number = fdc.state_.output & 3;
  const bool motor = (fdc.state_.output >> (4 + number) & 1) != 0;
  const bool changed = number < kDrives && fdc.drives_[number] != nullptr && motor && fdc.state_.drives[number].changed;
  return changed ? 0x80 : 0x00;
}

u8 I82077::read_fifo() {
  if (state_.phase == Phase::kExecution && state_.non_dma && state_.data_ready && moves_to_host()) {
    const u8 value = state_.data[std::min<u32>(state_.data_at, 511)];
    lower();
    if (++state_.data_at >= state_.data.size()) next_sector();
    return value;
  }
  if (state_.phase != Phase::kResult || state_.taken >= state_.count) return 0;
  lower();  // the first byte of a result takes the interrupt back (5.1.4)
  const u8 value = state_.bytes[state_.taken++];
  if (state_.taken == state_.count) {
    state_.phase = Phase::kCommand;
    state_.count = state_.taken = 0;
  }
  return value;
}

void I82077::write_fifo(u8 value) {
  if ((state_.output & kNotReset) == 0 || events_.armed(reset_done_)) return;
  if (state_.phase == Phase::kExecution && state_.non_dma && state_.data_ready && !moves_to_host()) {
    lower();
    state_.data[std::min<u32>(state_.data_at, 511)] = value;
    if (++state_.data_at < state_.data.size()) return;
    state_.data_ready = false;
    events_.arm(step_, clock_.now() + kSectorTicks);
    return;
  }
  if (state_.phase != Phase::kCommand || state_.count >= state_.bytes.size()) return;
  state_.bytes[state_.count++] = value;
  if (state_.count == command_length(state_.bytes[0])) execute();
}

// --- Commands (table 5-1): how many bytes each has; 1 for what is invalid.

u32 I82077::command_length(u8 command) const {
  switch (command & 0x1f) {
    case kReadTrack:
    case kWriteData:
    case kReadData:
    case kWriteDeleted:
    case kReadDeleted:
    case kScanEqual:
    case kVerify:
    case kScanLowOrEqual:
    case kScanHighOrEqual: return 9;
    case kFormatTrack: return 6;
    case kConfigure: return 4;
    case kSpecify:
    case kSeek: return 3;
    case kSenseDrive:
    case kRecalibrate:
    case kReadId:
    case kPerpendicular: return 2;
    default: return 1;
  }
}

void I82077::results(std::initializer_list<u8> bytes) {
  std::copy(bytes.begin(), bytes.end(), state_.bytes.begin());
  state_.count = static_cast<u32>(bytes.size());
  state_.taken = 0;
  state_.phase = Phase::kResult;
}

void I82077::execute() {
  const auto& b = state_.bytes;
  const auto done = [this] {
    state_.phase = Phase::kCommand;
    state_.count = 0;
  };
  const u32 number = b[1] & 3;
  switch (b[0] & 0x1f) {
    case kSpecify:
      state_.step_rate = b[1];
      state_.head_load = static_cast<u8>(b[2] >> 1);
      state_.non_dma = (b[2] & 1) != 0;
      return done();
    case kSenseDrive: {
      // ST3: write protect, track 0, two sides, and the drive (figure 6-4).
      const bool present = number < kDrives && drives_[number] != nullptr;
      const bool protect = present && drives_[number]->has_medium() && drives_[number]->read_only();
      const bool track0 = present && state_.drives[number].cylinder == 0;
      return results({static_cast<u8>((protect ? 0x40 : 0) | 0x28 | (track0 ? 0x10 : 0) | (b[1] & 7))});
    }
    case kRecalibrate: seek(number, 0); return done();
    case kSeek: {
      // With MT and MFM it is RELATIVE SEEK: outwards, or with bit 6 inwards.
      u8 target = b[2];
      if ((b[0] & 0x80) != 0 && number < kDrives) {
        const int way = (b[0] & 0x40) != 0 ? b[2] : -int{b[2]};
        target = static_cast<u8>(std::clamp(state_.drives[number].cylinder + way, 0, int{kLastCylinder}));
      }
      seek(number, target);
      return done();
    }
    case kSenseInterrupt: return sense_interrupt();
    case kReadId: return read_id();
    case kFormatTrack: return format_track();
    case kReadTrack:
    case kWriteData:
    case kReadData:
    case kWriteDeleted:
    case kReadDeleted:
    case kVerify: return start_sectors();
    case kDumpRegisters:
      return results({state_.drives[0].cylinder, state_.drives[1].cylinder, 0, 0, state_.step_rate,
                      static_cast<u8>(state_.head_load << 1 | (state_.non_dma ? 1 : 0)), state_.sector,
                      static_cast<u8>((state_.locked ? 0x80 : 0) | (state_.perpendicular & 0x7f)), state_.configuration,
                      state_.precompensation});
    case kVersion: return results({0x90});  // an 82077
    case kPerpendicular: state_.perpendicular = b[1]; return done();
    case kConfigure:
      state_.configuration = b[2];
      state_.precompensation = b[3];
      return done();
    case kLock: state_.locked = (b[0] & 0x80) != 0; return results({static_cast<u8>(state_.locked ? 0x10 : 0x00)});
    default: return results({kInvalid});
  }
}

// SENSE INTERRUPT STATUS (5.2.5): the end of a seek, or after a reset each drive in turn.
void I82077::sense_interrupt() {
  lower();
  if (state_.resets_to_tell != 0) {
    const u8 number = static_cast<u8>(4 - state_.resets_to_tell--);
    return results(
        {static_cast<u8>(kReadyChanged | number), number < kDrives ? state_.drives[number].cylinder : u8{0}});
  }
  for (u32 i = 0; i < state_.seek_result.size(); ++i) {
    if (const u8 result = std::exchange(state_.seek_result[i], u8{0}); result != 0)
      return results({result, i < kDrives ? state_.drives[i].cylinder : u8{0}});
  }
  results({kInvalid});
}

void I82077::seek(u32 number, u8 target) {
  if (number >= kDrives || drives_[number] == nullptr) {
    // Nobody ever answers that track 0 is reached: equipment check.
    state_.seek_result[number] = static_cast<u8>(kAbnormal | kSeekEnd | kEquipmentCheck | number);
    return raise();
  }
  DriveState& drive = state_.drives[number];
  drive.target = std::min(target, kLastCylinder);
  drive.seeking = true;
  const u64 tracks = u64{std::max(drive.target, drive.cylinder)} - std::min(drive.target, drive.cylinder);
  events_.arm(seeks_[number], clock_.now() + kSeekTicks + tracks * kTrackTicks);
}

void I82077::on_event(u32 event, Ticks) {
  if (event == kStep) return step();
  if (event == kResetDone) {
    constexpr u8 kPollingOff = 0x10;
    if ((state_.configuration & kPollingOff) != 0) return;
    state_.resets_to_tell = 4;
    return raise();
  }
  const u32 number = event - kSeek0;
  DriveState& drive = state_.drives[number];
  drive.seeking = false;
  drive.cylinder = drive.target;
  // Stepping resets DSKCHG if there is a diskette.
  if (drives_[number] != nullptr && drives_[number]->has_medium()) drive.changed = false;
  state_.seek_result[number] = static_cast<u8>(kSeekEnd | number);
  raise();
}

}  // namespace paemu
