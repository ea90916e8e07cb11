// What a CD drive tells of itself and of its disc. Chapters are MMC-3's.
#include <string_view>

#include "dev/atapi_cd.hpp"

namespace paemu {

namespace {

constexpr u8 kIllegalRequest = 0x05, kUnitAttention = 0x06, kInvalidField = 0x24;
constexpr std::string_view kVendor = "PAEMU   ", kProduct = "CD-ROM          ", kRevision = "1.0 ";
constexpr u8 kLeadOut = 0xaa, kDataTrack = 0x14;
constexpr u32 kLeadIn = 150;
// A disc that has more blocks than 80 minutes of CD is a DVD.
constexpr u32 kLargestCd = 80 * 60 * 75;
constexpr u16 kProfileCd = 0x0008, kProfileDvd = 0x0010;

// Big-endian bytes, one after another.
class Bytes {
 public:
  Bytes& b(u32 v) { return bytes_.push_back(static_cast<u8>(v)), *this; }
  Bytes& w(u32 v) { return b(v >> 8).b(v); }
  Bytes& d(u32 v) { return w(v >> 16).w(v); }
  Bytes& fill(usize count) { return bytes_.resize(bytes_.size() + count), *this; }
  Bytes& text(std::string_view t) { return bytes_.insert(bytes_.end(), t.begin(), t.end()), *this; }
  // The address of a block, as minutes, seconds and frames if the host wants that.
  Bytes& address(u32 block, bool msf) {
    if (!msf) return d(block);
    const u32 frame = block + kLeadIn;
    return b(0).b(frame / (60 * 75)).b(frame / 75 % 60).b(frame % 75);
  }
  // The first word counts what follows it; the first dword.
  std::vector<u8> counted16() {
    const usize n = bytes_.size() - 2;
    bytes_[0] = static_cast<u8>(n >> 8), bytes_[1] = static_cast<u8>(n);
    return std::move(bytes_);
  }
  std::vector<u8> counted32() {
    const usize n = bytes_.size() - 4;
    bytes_[2] = static_cast<u8>(n >> 8), bytes_[3] = static_cast<u8>(n);
    return std::move(bytes_);
  }
  std::vector<u8> done() { return std::move(bytes_); }

 private:
  std::vector<u8> bytes_;
};

}  // namespace

// REQUEST SENSE (SPC-2, 7.20): told once. A unit attention may be fetched by it, too.
void AtapiCd::request_sense() {
  if (state_.sense_key == 0 && state_.attention != 0) {
    state_.sense_key = kUnitAttention;
    state_.additional = state_.attention;
    state_.attention = 0;
  }
  std::vector<u8> sense =
      Bytes().b(0x70).b(0).b(state_.sense_key).d(0).b(10).d(0).b(state_.additional).b(state_.qualifier).fill(4).done();
  state_.sense_key = state_.additional = state_.qualifier = 0;
  reply(std::move(sense), state_.packet[4]);
}

void AtapiCd::inquiry() {
  if ((state_.packet[1] & 1) != 0 || state_.packet[2] != 0) return check_condition({kIllegalRequest, kInvalidField});
  // A CD drive with removable media; ATAPI's response format.
  reply(Bytes().b(0x05).b(0x80).b(0x00).b(0x21).b(31).b(0).w(0).text(kVendor).text(kProduct).text(kRevision).done(),
        be16(3));
}

// READ TOC/PMA/ATIP (6.26): one session with one data track.
void AtapiCd::read_toc() {
  const bool msf = (state_.packet[1] & 2) != 0;
  const u8 format = (state_.packet[2] & 0xf) != 0 ? state_.packet[2] & 0xf : state_.packet[9] >> 6;
  const u8 from = state_.packet[6];
  Bytes toc;
  toc.w(0).b(1).b(1);
  switch (format) {
    case 0:
      if (from > 1 && from != kLeadOut) return check_condition({kIllegalRequest, kInvalidField});
      if (from <= 1) toc.b(0).b(kDataTrack).b(1).b(0).address(0, msf);
      toc.b(0).b(kDataTrack).b(kLeadOut).b(0).address(blocks(), msf);
      break;
    case 1: toc.b(0).b(kDataTrack).b(1).b(0).address(0, msf); break;
    case 2: {
      // Of each point: session, control, 0, point, 3 bytes of running time, 0, 3 bytes of address.
      const auto point = [&toc](u32 number, u32 m, u32 s, u32 f) {
        toc.b(1).b(kDataTrack).b(0).b(number).fill(4).b(m).b(s).b(f);
      };
      const u32 end = blocks() + kLeadIn;
      point(0xa0, 1, 0, 0);
      point(0xa1, 1, 0, 0);
      point(0xa2, end / (60 * 75), end / 75 % 60, end % 75);
      point(1, 0, 2, 0);
      break;
    }
    default: return check_condition({kIllegalRequest, kInvalidField});
  }
  reply(toc.counted16(), be16(7));
}

// READ SUB-CHANNEL (6.25): no audio plays.
void AtapiCd::sub_channel() {
  constexpr u8 kNoAudio = 0x15;
  Bytes b;
  b.b(0).b(kNoAudio).w(0);
  if ((state_.packet[2] & 0x40) != 0) {
    const bool msf = (state_.packet[1] & 2) != 0;
    if (state_.packet[3] != 1) return check_condition({kIllegalRequest, kInvalidField});
    b.b(1).b(kDataTrack).b(1).b(1).address(0, msf).address(0, msf);
  }
  std::vector<u8> bytes = b.done();
  bytes[3] = static_cast<u8>(bytes.size() - 4);
  reply(std::move(bytes), be16(7));
}

// MODE SENSE (6.9): pages of read errors, CD parameters, audio and capabilities (chapter 5).
void AtapiCd::mode_sense(bool ten) {
  constexpr u8 kErrors = 0x01, kCd = 0x0d, kAudio = 0x0e, kCapabilities = 0x2a, kAll = 0x3f;
  const u8 page = state_.packet[2] & 0x3f, control = state_.packet[2] >> 6;
  if (control == 3) return check_condition({kIllegalRequest, 0x39});  // saved values: there are none
  const bool all = page == kAll;
  Bytes b;
  const u8 medium = drive_.has_medium() ? 0x01 : drive_.state().open ? 0x71 : 0x70;  // table 339 of SFF-8020i
  if (ten)
    b.w(0).b(medium).fill(5);
  else
    b.b(0).b(medium).w(0);
  if (all || page == kErrors) b.b(kErrors).b(6).b(0).b(5).fill(4);
  if (all || page == kCd) b.b(kCd).b(6).w(0).w(60).w(75);
  if (all || page == kAudio) b.b(kAudio).b(14).b(4).fill(5).w(75).b(1).b(0xff).b(2).b(0xff).d(0);
  if (all || page == kCapabilities) {
    // Reads CD-R, CD-RW and DVD-ROM; mode 2; locks and ejects, a tray; speeds in kB/s, buffer of 512 KiB.
    const u8 lock = drive_.state().locked ? 2 : 0;
    b.b(kCapabilities).b(18).b(0x0b).b(0).b(0x70).b(0x60).b(0x29 | lock).b(0).w(7056).w(2).w(512).w(7056).fill(4);
  }
  if (!all && page != kErrors && page != kCd && page != kAudio && page != kCapabilities)
    return check_condition({kIllegalRequest, kInvalidField});
  if (ten) return reply(b.counted16(), be16(7));
  std::vector<u8> bytes = b.done();
  bytes[0] = static_cast<u8>(bytes.size() - 1);
  reply(std::move(bytes), state_.packet[4]);
}

// GET EVENT STATUS NOTIFICATION (6.6), polled: of the medium's class alone.
void AtapiCd::event_status() {
  constexpr u8 kPolled = 1, kMediaClass = 4, kNothing = 0x80;
  if ((state_.packet[1] & kPolled) == 0) return check_condition({kIllegalRequest, kInvalidField});
  Bytes b;
  if ((state_.packet[4] & (1u << kMediaClass)) == 0) {
    b.w(0).b(kNothing).b(1u << kMediaClass);
  } else {
    const u8 status = static_cast<u8>((drive_.state().open ? 1 : 0) | (drive_.has_medium() ? 2 : 0));
    b.w(0).b(kMediaClass).b(1u << kMediaClass).b(static_cast<u8>(state_.event)).b(status).w(0);
    state_.event = MediaEvent::kNone;
  }
  reply(b.counted16(), be16(7));
}

// GET CONFIGURATION (6.5): the features that this drive has (chapter 5.3).
void AtapiCd::configuration() {
  const u8 which = state_.packet[1] & 3;
  const u32 start = be16(2);
  const bool disc = drive_.has_medium();
  const bool dvd = disc && blocks() > kLargestCd;
  Bytes b;
  b.d(0).w(0).w(!disc ? 0 : dvd ? kProfileDvd : kProfileCd);
  struct Feature {
    u16 code;
    u8 flags;  // version, persistent, current
    bool current;
    std::vector<u8> data;
  };
  const Feature features[] = {
      {0x0000, 0x03, true, {0, kProfileDvd, static_cast<u8>(dvd), 0, 0, kProfileCd, static_cast<u8>(disc && !dvd), 0}},
      {0x0001, 0x0b, true, {0, 0, 0, 2, 1, 0, 0, 0}},              // core: ATAPI
      {0x0003, 0x03, true, {0x29, 0, 0, 0}},                       // removable medium: a tray that locks and ejects
      {0x0010, 0x00, disc, {0, 0, 0x08, 0x00, 0, 0x10, 0x00, 0}},  // random readable: blocks of 2048, 16 at once
      {0x001e, 0x08, disc && !dvd, {0, 0, 0, 0}},                  // CD read
      {0x001f, 0x00, dvd, {}},                                     // DVD read
  };
  for (const Feature& f : features) {
    if (f.code < start || (which == 2 && f.code != start) || (which == 1 && !f.current)) continue;
    b.w(f.code).b(f.flags | (f.current ? 1 : 0)).b(static_cast<u8>(f.data.size()));
    for (const u8 byte : f.data) b.b(byte);
  }
  reply(b.counted32(), be16(7));
}

// READ DISC INFORMATION (6.18): a finished disc with one session and one track.
void AtapiCd::disc_information() {
  Bytes b;
  b.w(0).b(0x0e).b(1).b(1).b(1).b(1).b(0x20).b(0).w(0).b(0).d(0).d(0xffffffff).d(0xffffffff).fill(8).b(0).b(0);
  reply(b.counted16(), be16(7));
}

void AtapiCd::mechanism_status() { reply(Bytes().b(0).b(0).fill(3).b(1).w(0).done(), be16(8)); }

// READ DVD STRUCTURE (6.22): the physical format and no copyright; a CD has none.
void AtapiCd::read_dvd_structure() {
  if (blocks() <= kLargestCd) return check_condition({kIllegalRequest, 0x30, 0x02});  // incompatible medium
  Bytes b;
  b.d(0);
  switch (state_.packet[7]) {
    case 0x00: b.b(0x01).b(0x0f).b(0x01).b(0x00).d(0x030000).d(0x030000 + blocks() - 1).d(0).fill(2032); break;
    case 0x01: b.d(0); break;
    default: return check_condition({kIllegalRequest, kInvalidField});
  }
  reply(b.counted16(), be16(8));
}

// IDENTIFY PACKET DEVICE (ATA-6, 8.16, table 35).
std::vector<u8> AtapiCd::identify() const {
  std::vector<u8> bytes(512);
  const auto set = [&bytes](u32 word, u32 value) {
    bytes[2 * word] = static_cast<u8>(value);
    bytes[2 * word + 1] = static_cast<u8>(value >> 8);
  };
  const auto text = [&bytes](u32 word, u32 words, std::string_view t) {
    for (u32 i = 0; i < 2 * words; ++i) bytes[2 * word + (i ^ 1)] = static_cast<u8>(i < t.size() ? t[i] : ' ');
  };
  const u8 mode = state_.transfer_mode;
  set(0, 0x85c0);  // ATAPI, CD, removable, DRQ within 50 us, packets of 12 bytes
  text(10, 10, serial_);
  text(23, 4, "1.0");
  text(27, 20, "PAEMU CD-ROM");
  set(49, 0x0f00);
  set(51, 0x0200), set(52, 0x0200);
  set(53, 0x0006);
  set(63, 0x0007 | ((mode & 0xf8) == 0x20 ? 0x0100u << (mode & 7) : 0));
  set(64, 0x0003);
  for (u32 cycle = 65; cycle <= 68; ++cycle) set(cycle, 120);
  set(71, 30), set(72, 30);
  set(80, 0x0070), set(81, 0x0018);
  set(82, 0x4210), set(83, 0x4000), set(84, 0x4000);
  set(85, 0x4210), set(86, 0x0000), set(87, 0x4000);
  set(88, 0x003f | ((mode & 0xf8) == 0x40 ? 0x0100u << (mode & 7) : 0));
  return bytes;
}

}  // namespace paemu
