// CD drives: packets over IDE (ATA/ATAPI-6, 9.8 PACKET command protocol), commands by MMC-3.
#include "services/clock.hpp"
#include "services/disk.hpp"
#include "services/entry.hpp"
#include "services/ide.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u8 kPacket = 0xa0;
constexpr u8 kTestUnitReady = 0x00, kRequestSense = 0x03, kReadCapacity = 0x25, kRead10 = 0x28;
constexpr u32 kBlock = 2048;
constexpr u32 kCommandMs = 30'000;

u32 big_endian(const u8* bytes) {
  return static_cast<u32>(bytes[0]) << 24 | static_cast<u32>(bytes[1]) << 16 | static_cast<u32>(bytes[2]) << 8 | bytes[3];
}

Far ours(const void* data) { return {SEGMENT, static_cast<u16>(reinterpret_cast<u32>(data))}; }

// Sense key and additional code (SPC-3, 4.5) in one number; 0: nothing to tell.
u32 sense(Drive& drive) {
  const u8 packet[12] = {kRequestSense, 0, 0, 0, 18};
  u8 answer[18] = {};
  u32 received;
  if (atapi_command(drive, packet, ours(answer), sizeof(answer), received) != DiskStatus::Ok) return 0;
  return static_cast<u32>(answer[2] & 0x0f) << 8 | answer[12];
}

// A drive tells of a changed medium once, and may take a while with it.
DiskStatus wait_ready(Drive& drive) {
  constexpr u32 kNotReady = 0x2, kNoMediumCode = 0x3a, kBecomingReady = 0x04;
  for (u32 attempt = 0; attempt < 20; ++attempt) {
    const u8 packet[12] = {kTestUnitReady};
    u32 received;
    if (atapi_command(drive, packet, {}, 0, received) == DiskStatus::Ok) return DiskStatus::Ok;
    const u32 why = sense(drive);
    if (why >> 8 == kNotReady) {
      if ((why & 0xff) == kNoMediumCode) return DiskStatus::NoMedia;
      if ((why & 0xff) == kBecomingReady) wait_ms(100);
    }
  }
  return DiskStatus::NotReady;
}

DiskStatus read_capacity(Drive& drive) {
  const u8 packet[12] = {kReadCapacity};
  u8 answer[8];
  u32 received;
  const DiskStatus status = atapi_command(drive, packet, ours(answer), sizeof(answer), received);
  if (status != DiskStatus::Ok) return status;
  if (received < sizeof(answer) || big_endian(answer + 4) != kBlock) return DiskStatus::NoMedia;
  drive.total_sectors = static_cast<u64>(big_endian(answer)) + 1;
  return DiskStatus::Ok;
}

}  // namespace

DiskStatus atapi_command(Drive& drive, const u8* packet, Far buffer, u32 bytes, u32& received) {
  received = 0;
  if (!ide::select(drive)) return DiskStatus::Timeout;
  const u16 port = drive.command_port;
  const u32 limit = bytes < 0xfffe ? bytes : 0xfffe;
  out8(port + ide::kFeatures, 0);
  out8(port + ide::kLbaMid, static_cast<u8>(limit));
  out8(port + ide::kLbaHigh, static_cast<u8>(limit >> 8));
  out8(port + ide::kCommand, kPacket);
  for (u32 i = 0; i < 4; ++i) in8(drive.control_port);
  if (!ide::wait_idle(drive, kCommandMs)) return DiskStatus::Timeout;
  if (!(in8(port + ide::kStatus) & ide::kDataRequest)) return DiskStatus::ControllerError;
  out16_many(port, ours(packet), 6);
  for (;;) {
    for (u32 i = 0; i < 4; ++i) in8(drive.control_port);
    if (!ide::wait_idle(drive, kCommandMs)) return DiskStatus::Timeout;
    const u8 status = in8(port + ide::kStatus);
    if (status & (ide::kFailed | ide::kFault)) return DiskStatus::ControllerError;
    if (!(status & ide::kDataRequest)) return DiskStatus::Ok;
    const u32 now = (in8(port + ide::kLbaMid) | static_cast<u32>(in8(port + ide::kLbaHigh)) << 8) & ~1u;
    const u32 room = bytes - received;
    const u32 taken = now < room ? now : room & ~1u;
    if (now == 0) return DiskStatus::ControllerError;
    in16_many(port, buffer + received, taken / 2);
    for (u32 waste = taken; waste < now; waste += 2) in16(port);  // more than we asked for
    received += taken;
  }
}

bool atapi_start(Drive& drive) {
  constexpr u16 kDeviceType = 0x1f00, kCdrom = 0x0500;
  u16 words[256];
  if (!ide::identify(drive, words)) return false;
  drive.sector_size = kBlock;
  drive.read_only = true;
  return (words[0] & kDeviceType) == kCdrom;
}

DiskStatus atapi_transfer(Drive& drive, Transfer& t) {
  if (t.action == Action::Write) return DiskStatus::WriteProtected;
  if (drive.total_sectors == 0) {
    if (const DiskStatus ready = wait_ready(drive); ready != DiskStatus::Ok) return ready;
    if (const DiskStatus size = read_capacity(drive); size != DiskStatus::Ok) return size;
  }
  if (t.lba + t.count > drive.total_sectors) return DiskStatus::NotFound;
  if (t.action == Action::Verify) return DiskStatus::Ok;
  const u32 lba = static_cast<u32>(t.lba);
  const u8 packet[12] = {kRead10, 0, static_cast<u8>(lba >> 24), static_cast<u8>(lba >> 16), static_cast<u8>(lba >> 8),
                         static_cast<u8>(lba), 0, static_cast<u8>(t.count >> 8), static_cast<u8>(t.count)};
  for (u32 attempt = 0;; ++attempt) {
    u32 received;
    const DiskStatus status = atapi_command(drive, packet, t.buffer, t.count * kBlock, received);
    if (status == DiskStatus::Ok && received == t.count * kBlock) {
      t.done = t.count;
      return DiskStatus::Ok;
    }
    if (status == DiskStatus::Timeout || attempt == 2) return status == DiskStatus::Ok ? DiskStatus::DataError : status;
    drive.total_sectors = 0;  // perhaps another medium
    if (const DiskStatus ready = wait_ready(drive); ready != DiskStatus::Ok) return ready;
    if (const DiskStatus size = read_capacity(drive); size != DiskStatus::Ok) return size;
    if (t.lba + t.count > drive.total_sectors) return DiskStatus::NotFound;
  }
}

}  // namespace services
