// Commands of a disk and the course of its transfers. IDENTIFY DEVICE is ata_identify.cpp.
#include "dev/ata_disk.hpp"

#include <algorithm>
#include <optional>

#include "base/bits.hpp"

namespace paemu {

using namespace ata;

namespace {

// How long things take: a disk with a large cache, so that guests wait, but not for long.
constexpr u64 kPlainTicks = 20'000, kAccessTicks = 60'000, kFlushTicks = 150'000;
constexpr u64 kSectorTicks = 5'000;  // 100 MB/s
constexpr u32 kDmaSectors = 128;     // moved at once
constexpr u32 kTrimSectors = 1;      // of ranges that a DATA SET MANAGEMENT may bring

enum Command : u8 {
  kNop = 0x00,
  kDataSetManagement = 0x06,
  kReadSectors = 0x20,
  kReadSectorsOld = 0x21,
  kReadSectorsExt = 0x24,
  kReadDmaExt = 0x25,
  kReadNativeMaxExt = 0x27,
  kReadMultipleExt = 0x29,
  kWriteSectors = 0x30,
  kWriteSectorsOld = 0x31,
  kWriteSectorsExt = 0x34,
  kWriteDmaExt = 0x35,
  kWriteMultipleExt = 0x39,
  kWriteDmaFuaExt = 0x3d,
  kReadVerify = 0x40,
  kReadVerifyOld = 0x41,
  kReadVerifyExt = 0x42,
  kExecuteDiagnostic = 0x90,
  kInitializeParameters = 0x91,
  kSmart = 0xb0,
  kReadMultiple = 0xc4,
  kWriteMultiple = 0xc5,
  kSetMultiple = 0xc6,
  kReadDma = 0xc8,
  kReadDmaOld = 0xc9,
  kWriteDma = 0xca,
  kWriteDmaOld = 0xcb,
  kWriteMultipleFuaExt = 0xce,
  kFlushCache = 0xe7,
  kFlushCacheExt = 0xea,
  kIdentify = 0xec,
  kSetFeatures = 0xef,
  kSecurityFreezeLock = 0xf5,
  kReadNativeMax = 0xf8,
};
// Commands of power management have two codes each (8.10 to 8.13, 8.29): 94h and E0h, ...
constexpr u8 kPowerOld = 0x94, kPowerNew = 0xe0;
enum Power : u8 { kStandbyImmediate, kIdleImmediate, kStandby, kIdle, kCheckPower = 4, kSleep = 5 };

std::optional<u8> power_command(u8 command) {
  const u8 base = command >= kPowerNew ? kPowerNew : kPowerOld;
  // 98h and E5h check, 99h and E6h sleep; E4h is READ BUFFER.
  const u8 number = static_cast<u8>(command - base);
  if (command < kPowerOld || (base == kPowerOld && number > 5) || (base == kPowerNew && (number == 4 || number > 6)))
    return {};
  return base == kPowerNew && number >= 5 ? static_cast<u8>(number - 1) : number;
}

}  // namespace

// --- Addresses (ATA-6, 6.2; 6.20 for 48 bits).

u32 AtaDisk::cylinders() const {
  return static_cast<u32>(std::min<u64>(drive_.sectors() / (u64{heads()} * sectors_per_track()), 16383));
}

// Takes the command's address and count. False: it is beyond the disk, or an address in no translation.
bool AtaDisk::address(bool wide, u64& sector, u32& count) {
  const TaskFile& r = registers_;
  count = r.count[0];
  if (wide) count |= u32{r.count[1]} << 8;
  if (count == 0) count = wide ? 65536 : 256;
  const u32 low = u32{r.lba_low[0]} | u32{r.lba_mid[0]} << 8 | u32{r.lba_high[0]} << 16;
  if (wide) {
    sector = low | u64{r.lba_low[1]} << 24 | u64{r.lba_mid[1]} << 32 | u64{r.lba_high[1]} << 40;
  } else if ((r.device & kLba) != 0) {
    sector = low | (r.device & 0xfu) << 24;
  } else {
    const u32 cylinder = low >> 8, head = r.device & 0xfu, number = r.lba_low[0];
    if (number == 0 || number > sectors_per_track() || head >= heads()) return false;
    sector = (u64{cylinder} * heads() + head) * sectors_per_track() + number - 1;
  }
  return sector < drive_.sectors() && count <= drive_.sectors() - sector;
}

void AtaDisk::put_address(u64 sector) {
  TaskFile& r = registers_;
  if (!state_.wide && (r.device & kLba) == 0) {
    const u64 track = sector / sectors_per_track();
    r.lba_low[0] = static_cast<u8>(sector % sectors_per_track() + 1);
    r.lba_mid[0] = static_cast<u8>(track / heads());
    r.lba_high[0] = static_cast<u8>(track / heads() >> 8);
    r.device = static_cast<u8>((r.device & 0xf0) | track % heads());
    return;
  }
  r.lba_low[0] = static_cast<u8>(sector);
  r.lba_mid[0] = static_cast<u8>(sector >> 8);
  r.lba_high[0] = static_cast<u8>(sector >> 16);
  if (!state_.wide) {
    r.device = static_cast<u8>((r.device & 0xf0) | (sector >> 24 & 0xf));
    return;
  }
  r.lba_low[1] = static_cast<u8>(sector >> 24);
  r.lba_mid[1] = static_cast<u8>(sector >> 32);
  r.lba_high[1] = static_cast<u8>(sector >> 40);
}

// --- Commands.

void AtaDisk::execute(u8 command) {
  state_.job = Job::kNone;
  state_.wide = false;
  if (const auto power = power_command(command)) {
    if (*power == kCheckPower) registers_.count[0] = state_.power;
    if (*power == kStandbyImmediate || *power == kStandby || *power == kSleep) state_.power = 0x00;
    if (*power == kIdleImmediate || *power == kIdle) state_.power = 0xff;
    return plain(kPlainTicks);
  }
  // RECALIBRATE and SEEK of old take all codes of their rows.
  if ((command & 0xf0) == 0x10 || (command & 0xf0) == 0x70) return plain(kPlainTicks);
  const u32 multiple = std::max(state_.multiple, 1u);
  switch (command) {
    case kReadSectors:
    case kReadSectorsOld: return transfer(Job::kRead, false, false, 1);
    case kReadSectorsExt: return transfer(Job::kRead, false, true, 1);
    case kReadMultiple: return state_.multiple == 0 ? fail(kAborted) : transfer(Job::kRead, false, false, multiple);
    case kReadMultipleExt: return state_.multiple == 0 ? fail(kAborted) : transfer(Job::kRead, false, true, multiple);
    case kReadDma:
    case kReadDmaOld: return transfer(Job::kRead, true, false, kDmaSectors);
    case kReadDmaExt: return transfer(Job::kRead, true, true, kDmaSectors);
    case kReadVerify:
    case kReadVerifyOld: return transfer(Job::kVerify, false, false, kDmaSectors);
    case kReadVerifyExt: return transfer(Job::kVerify, false, true, kDmaSectors);
    case kWriteSectors:
    case kWriteSectorsOld: return transfer(Job::kWrite, false, false, 1);
    case kWriteSectorsExt: return transfer(Job::kWrite, false, true, 1);
    case kWriteMultiple: return state_.multiple == 0 ? fail(kAborted) : transfer(Job::kWrite, false, false, multiple);
    case kWriteMultipleExt:
    case kWriteMultipleFuaExt:
      return state_.multiple == 0 ? fail(kAborted) : transfer(Job::kWrite, false, true, multiple);
    case kWriteDma:
    case kWriteDmaOld: return transfer(Job::kWrite, true, false, kDmaSectors);
    case kWriteDmaExt:
    case kWriteDmaFuaExt: return transfer(Job::kWrite, true, true, kDmaSectors);
    case kFlushCache:
    case kFlushCacheExt: state_.job = Job::kFlush; return busy_for(kFlushTicks);
    case kDataSetManagement: return trim();
    case kIdentify: return offer_identify();
    case kSetFeatures: return set_features();
    case kSetMultiple: return set_multiple();
    case kInitializeParameters:  // ATA-3, 8.16
      if (registers_.count[0] == 0) return fail(kAborted);
      state_.heads = (registers_.device & 0xfu) + 1;
      state_.sectors_per_track = registers_.count[0];
      return plain(kPlainTicks);
    case kExecuteDiagnostic: hardware_signature(); return finish();
    case kReadNativeMax: return read_native_max(false);
    case kReadNativeMaxExt: return read_native_max(true);
    case kSmart: return smart();
    case kSecurityFreezeLock: return plain(kPlainTicks);
    default: return fail(kAborted);
  }
}

void AtaDisk::plain(u64 ticks) {
  state_.job = Job::kPlain;
  busy_for(ticks);
}

void AtaDisk::offer_identify() {
  state_.remaining = 0;
  state_.job = Job::kIdentify;
  busy_for(kPlainTicks);
}

void AtaDisk::hardware_signature() {
  registers_.error = kDiagnosticPassed;
  registers_.device = 0;
  put_signature();
}

// SET FEATURES (8.46): what is not known is refused, so that drivers can tell.
void AtaDisk::set_features() {
  switch (registers_.features[0]) {
    case 0x02: state_.write_cache = true; break;
    case 0x82: state_.write_cache = false; break;
    case 0xaa: state_.read_ahead = true; break;
    case 0x55: state_.read_ahead = false; break;
    case 0x66:
    case 0xcc: break;  // keep settings over a software reset, or not
    case 0x03: {
      // PIO 0 to 4 (or the default), single word DMA no more, multiword DMA 0 to 2, Ultra DMA 0 to 5.
      const u8 mode = registers_.count[0];
      const bool known = mode <= 1 || (mode >= 0x08 && mode <= 0x0c) || (mode >= 0x20 && mode <= 0x22) ||
                         (mode >= 0x40 && mode <= 0x45);
      if (!known) return fail(kAborted);
      state_.transfer_mode = mode;
      break;
    }
    default: return fail(kAborted);
  }
  plain(kPlainTicks);
}

// SET MULTIPLE MODE (8.48): a power of two; 0 turns it off.
void AtaDisk::set_multiple() {
  const u32 count = registers_.count[0];
  if (count > kMaxMultiple || (count != 0 && !is_power_of_two(count))) return fail(kAborted);
  state_.multiple = count;
  plain(kPlainTicks);
}

// SMART (8.55): enabled or not, and that no threshold is exceeded. The rest is optional.
void AtaDisk::smart() {
  constexpr u8 kEnable = 0xd8, kDisable = 0xd9, kReturnStatus = 0xda, kAutosave = 0xd2;
  const u8 which = registers_.features[0];
  if (registers_.lba_mid[0] != 0x4f || registers_.lba_high[0] != 0xc2) return fail(kAborted);
  if (which == kEnable || which == kDisable) state_.smart = which == kEnable;
  if (which != kEnable && !state_.smart && which != kDisable) return fail(kAborted);
  if (which != kEnable && which != kDisable && which != kReturnStatus && which != kAutosave) return fail(kAborted);
  plain(kPlainTicks);
}

void AtaDisk::read_native_max(bool wide) {
  state_.wide = wide;
  const u64 last = drive_.sectors() - 1;
  registers_.device |= kLba;
  put_address(wide ? last : std::min<u64>(last, 0x0fffffff));
  plain(kPlainTicks);
}

// DATA SET MANAGEMENT (ATA8-ACS, 7.10): TRIM, its ranges by DMA.
void AtaDisk::trim() {
  constexpr u8 kTrim = 1;
  const u32 sectors = registers_.count[0] | u32{registers_.count[1]} << 8;
  if ((registers_.features[0] & kTrim) == 0 || sectors == 0 || sectors > kTrimSectors) return fail(kAborted);
  state_.job = Job::kTrim;
  state_.dma = true;
  state_.remaining = 0;
  ask(Phase::kDmaOut, sectors * kSectorSize);
}

void AtaDisk::transfer(Job job, bool dma, bool wide, u32 block) {
  state_.wide = wide;
  u64 sector;
  u32 count;
  if (!address(wide, sector, count)) return fail(kIdNotFound);
  state_.job = job;
  state_.dma = dma;
  state_.sector = sector;
  state_.remaining = count;
  state_.block = block;
  // A write begins with data, and without an interrupt (9.6); all others begin with a look at the medium.
  if (job == Job::kWrite)
    ask(dma ? Phase::kDmaOut : Phase::kPioOut, piece() * kSectorSize);
  else
    busy_for(kAccessTicks + piece() * kSectorTicks);
}

// --- A transfer's course.

void AtaDisk::on_ready() {
  switch (state_.job) {
    case Job::kNone: return;
    case Job::kPlain: return finish();
    case Job::kIdentify: offer(Phase::kPioIn, identify()); return raise_interrupt();
    case Job::kFlush: return drive_.flush() ? finish() : fail(kAborted);
    case Job::kTrim: return trim_ranges();
    case Job::kRead:
    case Job::kVerify: return fetch();
    case Job::kWrite: return store();
  }
}

void AtaDisk::fetch() {
  const u32 count = piece();
  std::vector<u8> bytes(count * kSectorSize);
  if (count == 0) return finish();
  if (!drive_.read(state_.sector, bytes)) return fail_at(state_.sector, count, kUncorrectable);
  if (state_.job == Job::kVerify) {
    state_.sector += count;
    state_.remaining -= count;
    return next();
  }
  offer(state_.dma ? Phase::kDmaIn : Phase::kPioIn, std::move(bytes));
  if (!state_.dma) raise_interrupt();
}

void AtaDisk::on_drained() {
  if (state_.job != Job::kRead) {
    registers_.status = kReady | kSeekComplete;  // IDENTIFY DEVICE
    return;
  }
  const u32 count = piece();
  state_.sector += count;
  state_.remaining -= count;
  next();
}

void AtaDisk::on_filled() { busy_for((state_.dma ? kAccessTicks : kPlainTicks) + piece() * kSectorTicks); }

void AtaDisk::store() {
  const u32 count = static_cast<u32>(registers_.buffer.size() / kSectorSize);
  if (count == 0 || count > state_.remaining) return fail(kAborted);
  if (!drive_.write(state_.sector, std::span(registers_.buffer).first(count * kSectorSize)))
    return fail_at(state_.sector, count, kAborted);
  state_.sector += count;
  state_.remaining -= count;
  // Without a write cache it is on the medium when the guest hears that it is written.
  if (state_.remaining == 0 && !state_.write_cache && !drive_.flush()) return fail(kAborted);
  if (state_.remaining == 0) return next();
  ask(state_.dma ? Phase::kDmaOut : Phase::kPioOut, piece() * kSectorSize);
  if (!state_.dma) raise_interrupt();
}

// After a piece: the next one, or the end. A PIO read tells its end by DRQ going away, all others by an interrupt
// (9.5).
void AtaDisk::next() {
  registers_.count[0] = static_cast<u8>(state_.remaining);
  if (state_.remaining != 0) return busy_for(piece() * kSectorTicks);
  put_address(state_.sector - 1);
  const bool silent = state_.job == Job::kRead && !state_.dma;
  if (silent)
    registers_.status = kReady | kSeekComplete;
  else
    finish();
}

// The host failed somewhere in [sector, sector + count): finds out where, as the address registers tell it.
void AtaDisk::fail_at(u64 sector, u32 count, u8 error) {
  if (state_.job == Job::kRead || state_.job == Job::kVerify) {
    std::vector<u8> one(kSectorSize);
    u32 good = 0;
    while (good + 1 < count && drive_.read(sector + good, one)) ++good;
    sector += good;
  }
  put_address(sector);
  fail(error);
}

// Ranges of 8 bytes: the first sector (48 bits) and a count (16 bits); a count of 0 is no range (7.10.3.2).
void AtaDisk::trim_ranges() {
  const std::vector<u8> ranges = registers_.buffer;
  for (usize at = 0; at + 8 <= ranges.size(); at += 8) {
    u64 entry = 0;
    for (u32 i = 0; i < 8; ++i) entry |= u64{ranges[at + i]} << (8 * i);
    const u64 sector = entry & ((u64{1} << 48) - 1), count = entry >> 48;
    if (count == 0) continue;
    if (sector >= drive_.sectors() || count > drive_.sectors() - sector) return fail(kIdNotFound);
    if (!drive_.discard(sector, count)) return fail(kAborted);
  }
  finish();
}

void AtaDisk::on_reset(Reset kind) {
  const State before = state_;
  state_ = State{};
  if (kind == Reset::kHardware) return;
  // Settings outlive a software reset (SET FEATURES 66h is how firmware leaves it).
  state_.heads = before.heads, state_.sectors_per_track = before.sectors_per_track;
  state_.multiple = before.multiple, state_.transfer_mode = before.transfer_mode;
  state_.write_cache = before.write_cache, state_.smart = before.smart;
}

void AtaDisk::put_signature() { set_signature(0, 0, kReady | kSeekComplete); }

}  // namespace paemu
