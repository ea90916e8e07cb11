// Commands on sectors: formats of diskettes, and the execution phase with DMA or without (chapter 5.1).
#include <algorithm>

#include "dev/i82077.hpp"
#include "dev/i82077_bits.hpp"

namespace paemu {

using namespace fdc;

namespace {

constexpr u8 kMultiTrack = 0x80;
// Data rates: 0 500 kb/s, 1 300, 2 250, 3 1000.
constexpr u8 kHigh = 1u << 0, kLow = 1u << 1 | 1u << 2, kExtra = 1u << 3;

}  // namespace

// In ascending order: an image that fits none has the next larger one, and errors beyond its end.
const I82077::Format I82077::kFormats[] = {
    {320, 40, 1, 8, kLow},    {360, 40, 1, 9, kLow},    {640, 40, 2, 8, kLow},
    {720, 40, 2, 9, kLow},    {1440, 80, 2, 9, kLow},   {2400, 80, 2, 15, kHigh},
    {2880, 80, 2, 18, kHigh}, {3360, 80, 2, 21, kHigh}, {5760, 80, 2, 36, kExtra},
};

const I82077::Format* I82077::format(const Drive& drive) const {
  if (!drive.has_medium()) return nullptr;
  const auto fits = [&drive](const Format& f) { return drive.sectors() <= f.sectors; };
  const Format* found = std::find_if(std::begin(kFormats), std::end(kFormats), fits);
  return found != std::end(kFormats) ? found : std::end(kFormats) - 1;
}

u8 I82077::cmos_type(u32 number) const {
  if (drives_[number] == nullptr) return 0;
  const Format* f = format(*drives_[number]);
  if (f != nullptr && f->sectors == 5760) return 5;
  return f != nullptr && (f->sectors == 2400 || f->sectors <= 720) ? 2 : 4;
}

Drive* I82077::selected() const {
  const u32 number = state_.bytes[1] & 3;
  return number < kDrives ? drives_[number] : nullptr;
}

bool I82077::moves_to_host() const {
  const u8 command = state_.bytes[0] & 0x1f;
  return command != kWriteData && command != kWriteDeleted && command != kFormatTrack;
}

bool I82077::address_ok(const Format& f) const {
  return state_.cylinder < f.cylinders && state_.head < f.heads && state_.sector >= 1 && state_.sector <= f.track;
}

u64 I82077::address(const Format& f) const {
  return (u64{state_.cylinder} * f.heads + state_.head) * f.track + state_.sector - 1;
}

// READ DATA and its kin: command, drive and head, C, H, R, N, EOT, GPL, DTL.
void I82077::start_sectors() {
  const auto& b = state_.bytes;
  state_.phase = Phase::kExecution;
  state_.cylinder = b[2], state_.head = b[3], state_.sector = b[4], state_.size_code = b[5];
  if ((b[0] & 0x1f) == kReadTrack) state_.sector = 1;
  state_.done = 0;
  state_.data_at = 0;
  state_.data_ready = false;
  const Drive* drive = selected();
  const Format* f = drive != nullptr ? format(*drive) : nullptr;
  // Without a diskette, or at another data rate than its own, no address mark is ever found.
  if (f == nullptr || (f->rates >> state_.rate & 1) == 0) return finish_sectors(kAbnormal, kMissingMark, 0);
  const u8 head = b[1] >> 2 & 1;
  if (!moves_to_host() && drive->read_only()) return finish_sectors(kAbnormal, kNotWritable, 0);
  if (state_.cylinder != state_.drives[b[1] & 1].cylinder) return finish_sectors(kAbnormal, kNoData, kWrongCylinder);
  if (head != state_.head || state_.size_code != 2 || !address_ok(*f)) return finish_sectors(kAbnormal, kNoData, 0);
  if (!moves_to_host() && state_.non_dma) {
    state_.data_ready = true;
    return raise();
  }
  events_.arm(step_, clock_.now() + kSectorTicks);
}

// One sector's time is over: it is under the head.
void I82077::step() {
  if (state_.phase != Phase::kExecution) return;
  Drive* drive = selected();
  const Format* f = drive != nullptr ? format(*drive) : nullptr;
  const u8 command = state_.bytes[0] & 0x1f;
  if (command == kReadId) return read_id();
  if (command == kFormatTrack) return format_track();
  if (f == nullptr || !address_ok(*f)) return finish_sectors(kAbnormal, kMissingMark, 0);
  const u64 sector = address(*f);
  std::array<u8, 512>& data = state_.data;
  if (moves_to_host()) {
    if (!drive->read(sector, data)) return finish_sectors(kAbnormal, kDataError, kDataError);
    if (command == kVerify) return next_sector();
    if (state_.non_dma) {
      state_.data_at = 0;
      state_.data_ready = true;
      return raise();
    }
    const IsaDma::Moved moved = dma_.to_memory(kDmaChannel, data);
    if (moved.bytes < data.size() && !moved.terminal_count) return finish_sectors(kAbnormal, kOverrun, 0);
    if (moved.terminal_count) {
      ++state_.done;
      ++state_.sector;
      return finish_sectors(0, 0, 0);
    }
    return next_sector();
  }
  bool last = false;
  if (!state_.non_dma) {
    data = {};  // what DMA does not bring of a sector is written as zeroes
    const IsaDma::Moved moved = dma_.from_memory(kDmaChannel, data);
    if (moved.bytes < data.size() && !moved.terminal_count) return finish_sectors(kAbnormal, kOverrun, 0);
    last = moved.terminal_count;
  }
  if (!drive->write(sector, data)) return finish_sectors(kAbnormal, kDataError, kDataError);
  if (!last) return next_sector();
  ++state_.sector;
  finish_sectors(0, 0, 0);
}

// On to the next sector: up to EOT, with MT then to the other head. The end of the cylinder without TC is an error,
// though all data are there (6.1.2); VERIFY counts and needs none.
void I82077::next_sector() {
  const auto& b = state_.bytes;
  state_.data_ready = false;
  state_.data_at = 0;
  ++state_.done;
  const bool verify = (b[0] & 0x1f) == kVerify;
  if (verify && (b[1] & 0x80) != 0 && state_.done == (b[8] == 0 ? 256u : b[8])) {
    ++state_.sector;
    return finish_sectors(0, 0, 0);
  }
  if (state_.sector != b[6]) {
    ++state_.sector;
  } else if ((b[0] & kMultiTrack) != 0 && state_.head == 0) {
    state_.head = 1;
    state_.sector = 1;
  } else {
    ++state_.cylinder;
    state_.sector = 1;
    const bool fine = verify && (b[1] & 0x80) == 0;
    return finish_sectors(fine ? 0 : kAbnormal, fine ? 0 : kEndOfCylinder, 0);
  }
  if (!moves_to_host() && state_.non_dma) {
    state_.data_ready = true;
    return raise();
  }
  events_.arm(step_, clock_.now() + kSectorTicks);
}

void I82077::finish_sectors(u8 st0, u8 st1, u8 st2) {
  const u8 unit = static_cast<u8>((state_.bytes[1] & 3) | state_.head << 2);
  results({static_cast<u8>(st0 | unit), st1, st2, state_.cylinder, state_.head, state_.sector, state_.size_code});
  raise();
}

// READ ID (5.1.8): the first address that comes along; first the wait for it.
void I82077::read_id() {
  if (state_.phase != Phase::kExecution) {
    state_.phase = Phase::kExecution;
    events_.arm(step_, clock_.now() + kSectorTicks);
    return;
  }
  const Drive* drive = selected();
  const Format* f = drive != nullptr ? format(*drive) : nullptr;
  const u32 number = state_.bytes[1] & 1;
  const u8 head = state_.bytes[1] >> 2 & 1;
  state_.head = head;
  if (f == nullptr || (f->rates >> state_.rate & 1) == 0 || head >= f->heads ||
      state_.drives[number].cylinder >= f->cylinders)
    return finish_sectors(kAbnormal, kMissingMark, 0);
  state_.cylinder = state_.drives[number].cylinder;
  state_.sector = static_cast<u8>(state_.sector >= f->track ? 1 : state_.sector + 1);
  state_.size_code = 2;
  finish_sectors(0, 0, 0);
}

// FORMAT TRACK (5.1.7): the host brings C, H, R, N of each sector; all are filled with one byte.
void I82077::format_track() {
  const auto& b = state_.bytes;
  if (state_.phase != Phase::kExecution) {
    state_.phase = Phase::kExecution;
    state_.done = 0;
    state_.head = b[1] >> 2 & 1;
    events_.arm(step_, clock_.now() + kSectorTicks);
    return;
  }
  Drive* drive = selected();
  const Format* f = drive != nullptr ? format(*drive) : nullptr;
  if (f == nullptr || (f->rates >> state_.rate & 1) == 0) return finish_sectors(kAbnormal, kMissingMark, 0);
  if (drive->read_only()) return finish_sectors(kAbnormal, kNotWritable, 0);
  if (b[2] != 2 || state_.non_dma) return finish_sectors(kAbnormal, kNoData, 0);
  if (state_.done < b[3]) {
    std::array<u8, 4> id{};
    const IsaDma::Moved moved = dma_.from_memory(kDmaChannel, id);
    if (moved.bytes < id.size() && !moved.terminal_count) return finish_sectors(kAbnormal, kOverrun, 0);
    state_.cylinder = id[0], state_.head = id[1], state_.sector = id[2], state_.size_code = id[3];
    state_.data.fill(b[5]);
    if (address_ok(*f) && !drive->write(address(*f), state_.data)) return finish_sectors(kAbnormal, kDataError, 0);
    if (++state_.done < b[3] && !moved.terminal_count) {
      events_.arm(step_, clock_.now() + kSectorTicks);
      return;
    }
  }
  finish_sectors(0, 0, 0);
}

}  // namespace paemu
