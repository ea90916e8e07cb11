// The cable's side of packets, and the commands that move data or the disc. Those that only tell something are
// atapi_replies.cpp.
#include "dev/atapi_cd.hpp"

#include <algorithm>
#include <utility>

namespace paemu {

using namespace ata;

namespace {

// How long things take: a fast drive.
constexpr u64 kCommandTicks = 20'000, kSeekTicks = 400'000, kBlockTicks = 60'000, kBurstTicks = 5'000;
constexpr u32 kBlocksAtOnce = 16;

// Interrupt reason (ATA-6, 9.8): is it a command or data, and does it go to the host?
constexpr u8 kIsCommand = 1u << 0, kToHost = 1u << 1;

enum AtaCommand : u8 {
  kNop = 0x00,
  kDeviceReset = 0x08,
  kExecuteDiagnostic = 0x90,
  kPacket = 0xa0,
  kIdentifyPacket = 0xa1,
  kCheckPower = 0xe5,
  kIdentify = 0xec,
  kSetFeatures = 0xef,
};

enum Packet : u8 {
  kTestUnitReady = 0x00,
  kRequestSense = 0x03,
  kInquiry = 0x12,
  kModeSelect6 = 0x15,
  kModeSense6 = 0x1a,
  kStartStop = 0x1b,
  kPreventAllow = 0x1e,
  kReadCapacity = 0x25,
  kRead10 = 0x28,
  kSeek = 0x2b,
  kVerify = 0x2f,
  kReadSubChannel = 0x42,
  kReadToc = 0x43,
  kGetConfiguration = 0x46,
  kEventStatus = 0x4a,
  kReadDiscInformation = 0x51,
  kModeSelect10 = 0x55,
  kModeSense10 = 0x5a,
  kRead12 = 0xa8,
  kReadDvdStructure = 0xad,
  kReadCdMsf = 0xb9,
  kSetSpeed = 0xbb,
  kMechanismStatus = 0xbd,
  kReadCd = 0xbe,
};

// Sense keys and additional sense codes (SPC-2, tables 107 and 108).
constexpr u8 kNotReady = 0x02, kMediumError = 0x03, kIllegalRequest = 0x05, kUnitAttention = 0x06;
constexpr u8 kInvalidCommand = 0x20, kOutOfRange = 0x21, kMediumChanged = 0x28, kPowerOn = 0x29;
constexpr u8 kNoMedium = 0x3a, kRemovalPrevented = 0x53, kUnrecoveredRead = 0x11, kInvalidField = 0x24;

// Minutes, seconds and frames, 75 a second; block 0 is at 0:02:00 (MMC-3, 4.2.2).
constexpr u32 kLeadIn = 150;

}  // namespace

// --- Commands on the cable.

void AtapiCd::execute(u8 ata_command) {
  state_.job = Job::kNone;
  switch (ata_command) {
    case kPacket:
      state_.dma = (registers_.features[0] & 1) != 0;
      state_.job = Job::kPacket;
      return busy_for(kBurstTicks);
    case kIdentifyPacket: state_.job = Job::kIdentify; return busy_for(kCommandTicks);
    case kIdentify:
      // A host that looks for disks is told by the signature that this is none (9.12).
      put_signature();
      registers_.status = kReady | kSeekComplete;
      return fail(kAborted);
    case kDeviceReset: return device_reset();
    case kExecuteDiagnostic:
      registers_.device = 0;
      put_signature();
      registers_.error = kDiagnosticPassed;
      return finish(0);
    case kSetFeatures: {
      const u8 mode = registers_.count[0];
      const bool transfer_mode = registers_.features[0] == 0x03;
      const bool known = mode <= 1 || (mode >= 0x08 && mode <= 0x0c) || (mode >= 0x20 && mode <= 0x22) ||
                         (mode >= 0x40 && mode <= 0x45);
      if (!transfer_mode && registers_.features[0] != 0x66 && registers_.features[0] != 0xcc) return fail(kAborted);
      if (transfer_mode && !known) return fail(kAborted);
      if (transfer_mode) state_.transfer_mode = mode;
      return plain();
    }
    case kCheckPower: registers_.count[0] = 0xff; return plain();
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
    case 0xe6: return plain();  // power management: always ready
    default: return fail(kAborted);
  }
}

void AtapiCd::plain() {
  state_.job = Job::kPlain;
  busy_for(kCommandTicks);
}

void AtapiCd::on_ready() {
  switch (state_.job) {
    case Job::kNone: return;
    case Job::kPlain: return finish();
    case Job::kIdentify: offer(Phase::kPioIn, identify()); return raise_interrupt();
    case Job::kPacket: registers_.count[0] = kIsCommand; return ask(Phase::kPioOut, state_.packet.size());
    case Job::kCommand: return command();
    case Job::kReply: return burst();
    case Job::kParameters:
    case Job::kDone: return complete();
  }
}

void AtapiCd::on_filled() {
  if (state_.job != Job::kPacket) {
    state_.job = Job::kDone;
    return busy_for(kCommandTicks);
  }
  const usize size = std::min(registers_.buffer.size(), state_.packet.size());
  std::copy_n(registers_.buffer.begin(), size, state_.packet.begin());
  state_.job = Job::kCommand;
  const u8 code = state_.packet[0];
  const bool moves = code == kRead10 || code == kRead12 || code == kReadCd || code == kReadCdMsf || code == kSeek;
  busy_for(moves ? kSeekTicks : kCommandTicks);
}

// One DRQ: as much as the host's byte count allows, an even number but at the end; or for DMA all that there is.
void AtapiCd::burst() {
  if (state_.reply_at == state_.reply.size() && !refill()) return check_condition({kMediumError, kUnrecoveredRead});
  if (state_.reply_at == state_.reply.size()) return complete();
  const usize left = state_.reply.size() - state_.reply_at;
  u32 limit = registers_.lba_mid[0] | u32{registers_.lba_high[0]} << 8;
  if (limit == 0 || limit == 0xffff) limit = 0xfffe;
  const usize size = state_.dma ? left : std::min<usize>(left, limit > 1 && left > limit ? limit & ~1u : limit);
  const auto begin = state_.reply.begin() + state_.reply_at;
  std::vector<u8> bytes(begin, begin + static_cast<std::ptrdiff_t>(size));
  state_.reply_at += static_cast<u32>(size);
  registers_.count[0] = kToHost;
  if (!state_.dma) {
    state_.limit = limit;
    registers_.lba_mid[0] = static_cast<u8>(size);
    registers_.lba_high[0] = static_cast<u8>(size >> 8);
  }
  offer(state_.dma ? Phase::kDmaIn : Phase::kPioIn, std::move(bytes));
  if (!state_.dma) raise_interrupt();
}

void AtapiCd::on_drained() {
  if (state_.job != Job::kReply) {
    registers_.status = kReady | kSeekComplete;  // IDENTIFY PACKET DEVICE
    return;
  }
  const bool more = state_.reply_at < state_.reply.size() || state_.blocks_left != 0;
  if (!more) state_.job = Job::kDone;
  // The byte count that the host gave holds for each burst.
  if (!state_.dma) {
    registers_.lba_mid[0] = static_cast<u8>(state_.limit);
    registers_.lba_high[0] = static_cast<u8>(state_.limit >> 8);
  }
  const bool from_disc = more && state_.reply_at == state_.reply.size();
  busy_for(from_disc ? kBlockTicks * std::min(state_.blocks_left, kBlocksAtOnce) : kBurstTicks);
}

void AtapiCd::complete() {
  state_.reply.clear();
  state_.reply_at = 0;
  registers_.count[0] = kIsCommand | kToHost;
  finish();
}

void AtapiCd::check_condition(Sense sense) {
  state_.sense_key = sense.key;
  state_.additional = sense.additional;
  state_.qualifier = sense.qualifier;
  state_.reply.clear();
  state_.reply_at = state_.blocks_left = 0;
  registers_.count[0] = kIsCommand | kToHost;
  fail(static_cast<u8>(sense.key << 4 | kAborted));
}

void AtapiCd::reply(std::vector<u8> bytes, usize allocated) {
  if (bytes.size() > allocated) bytes.resize(allocated);
  state_.reply = std::move(bytes);
  state_.reply_at = state_.blocks_left = 0;
  state_.job = Job::kReply;
  burst();
}

// --- Packet commands.

// There is a disc, and the host knows which.
bool AtapiCd::ready() {
  if (state_.attention != 0) {
    check_condition({kUnitAttention, std::exchange(state_.attention, u8{0})});
    return false;
  }
  if (drive_.has_medium()) return true;
  check_condition({kNotReady, kNoMedium, drive_.state().open ? u8{2} : u8{1}});
  return false;
}

void AtapiCd::command() {
  state_.job = Job::kReply;
  const auto& p = state_.packet;
  // Sense data are of the command before; these three ask and leave them, and unit attentions, alone (SPC-2, 5.9).
  switch (p[0]) {
    case kRequestSense: return request_sense();
    case kInquiry: return inquiry();
    case kEventStatus: return event_status();
    default: break;
  }
  state_.sense_key = state_.additional = state_.qualifier = 0;
  switch (p[0]) {
    case kGetConfiguration: return configuration();
    case kStartStop: return start_stop();
    case kPreventAllow: drive_.lock((p[4] & 1) != 0); return complete();
    case kModeSense6: return mode_sense(false);
    case kModeSense10: return mode_sense(true);
    case kModeSelect6: return mode_select(false);
    case kModeSelect10: return mode_select(true);
    case kMechanismStatus: return mechanism_status();
    case kSetSpeed: return complete();
    case kTestUnitReady: return ready() ? complete() : void();
    case kReadCapacity: {
      if (!ready()) return;
      const u32 last = blocks() - 1;
      return reply({static_cast<u8>(last >> 24), static_cast<u8>(last >> 16), static_cast<u8>(last >> 8),
                    static_cast<u8>(last), 0, 0, kBlockSize >> 8, 0},
                   8);
    }
    case kSeek:
    case kVerify:
      if (!ready()) return;
      return be32(2) < blocks() ? complete() : check_condition({kIllegalRequest, kOutOfRange});
    case kRead10: return ready() ? read(be32(2), be16(7), false) : void();
    case kRead12: return ready() ? read(be32(2), be32(6), false) : void();
    case kReadCd: return ready() ? read_cd(be32(2), be24(6)) : void();
    case kReadCdMsf: {
      if (!ready()) return;
      const auto at = [&p](u32 i) { return (p[i] * 60u + p[i + 1]) * 75u + p[i + 2]; };
      if (at(3) < kLeadIn || at(6) < at(3)) return check_condition({kIllegalRequest, kOutOfRange});
      return read_cd(at(3) - kLeadIn, at(6) - at(3));
    }
    case kReadToc: return ready() ? read_toc() : void();
    case kReadSubChannel: return ready() ? sub_channel() : void();
    case kReadDiscInformation: return ready() ? disc_information() : void();
    case kReadDvdStructure: return ready() ? read_dvd_structure() : void();
    default: return check_condition({kIllegalRequest, kInvalidCommand});
  }
}

// READ (10), READ (12) (SBC-2, 5.5): the blocks come a few at a time.
void AtapiCd::read(u32 block, u32 count, bool raw) {
  if (block > blocks() || count > blocks() - block) return check_condition({kIllegalRequest, kOutOfRange});
  state_.block = block;
  state_.blocks_left = count;
  state_.raw = raw;
  state_.reply.clear();
  state_.reply_at = 0;
  state_.job = Job::kReply;
  if (count == 0) return complete();
  busy_for(kBlockTicks * std::min(count, kBlocksAtOnce));
}

// READ CD (MMC-3, 6.15): user data alone, or the whole of a mode 1 sector.
void AtapiCd::read_cd(u32 block, u32 count) {
  switch (state_.packet[9] & 0xf8) {
    case 0x00: return complete();  // nothing of it is wanted
    case 0x10: return read(block, count, false);
    case 0xf8: return read(block, count, true);
    default: return check_condition({kIllegalRequest, kInvalidField});
  }
}

// Brings the next blocks into `reply`, if any are left. False: the host could not read them.
bool AtapiCd::refill() {
  state_.reply.clear();
  state_.reply_at = 0;
  const u32 count = std::min(state_.blocks_left, kBlocksAtOnce);
  if (count == 0) return true;
  std::vector<u8> data(count * kBlockSize);
  if (!drive_.read(u64{state_.block} * kSectorsPerBlock, data)) return false;
  for (u32 i = 0; state_.raw && i < count; ++i) {
    // Sync, header with the address in BCD and mode 1, data; no error correction codes (ECMA-130, 14).
    const u32 frame = state_.block + i + kLeadIn;
    const auto bcd = [](u32 v) { return static_cast<u8>(v / 10 << 4 | v % 10); };
    std::vector<u8> sector(kRawSize);
    std::fill_n(sector.begin() + 1, 10, u8{0xff});
    sector[12] = bcd(frame / (60 * 75)), sector[13] = bcd(frame / 75 % 60), sector[14] = bcd(frame % 75),
    sector[15] = 1;
    std::copy_n(data.begin() + i * kBlockSize, kBlockSize, sector.begin() + 16);
    state_.reply.insert(state_.reply.end(), sector.begin(), sector.end());
  }
  if (!state_.raw) state_.reply = std::move(data);
  state_.block += count;
  state_.blocks_left -= count;
  return true;
}

// START STOP UNIT (MMC-3, 6.42): with LoEj the tray opens (start 0) or closes (start 1).
void AtapiCd::start_stop() {
  constexpr u8 kStart = 1, kLoadEject = 2;
  const u8 what = state_.packet[4];
  if ((what & kLoadEject) != 0) {
    if ((what & kStart) == 0 && drive_.state().locked) return check_condition({kIllegalRequest, kRemovalPrevented, 2});
    drive_.set_open((what & kStart) == 0);
  }
  complete();
}

// MODE SELECT: takes parameters, which change nothing here.
void AtapiCd::mode_select(bool ten) {
  const u32 size = std::min<u32>(ten ? be16(7) : state_.packet[4], 0xfffe);
  if (size == 0) return complete();
  state_.job = Job::kParameters;
  registers_.count[0] = 0;
  registers_.lba_mid[0] = static_cast<u8>(size);
  registers_.lba_high[0] = static_cast<u8>(size >> 8);
  ask(state_.dma ? Phase::kDmaOut : Phase::kPioOut, size);
  if (!state_.dma) raise_interrupt();
}

// --- What happens to the drive.

void AtapiCd::on_medium_changed() {
  state_.event = drive_.has_medium() ? MediaEvent::kNewMedia : MediaEvent::kRemoval;
  state_.attention = drive_.has_medium() ? kMediumChanged : u8{0};
}

void AtapiCd::on_reset(Reset kind) {
  const State before = state_;
  state_ = State{};
  if (kind == Reset::kHardware) {
    state_.attention = kPowerOn;
    drive_.lock(false);
    return;
  }
  state_.attention = before.attention, state_.event = before.event;
  state_.sense_key = before.sense_key, state_.additional = before.additional, state_.qualifier = before.qualifier;
  state_.transfer_mode = before.transfer_mode;
}

// Not even ready: a host that knows disks only passes by (9.12).
void AtapiCd::put_signature() { set_signature(0x14, 0xeb, 0); }

}  // namespace paemu
