// IDE disks by PIO (ATA/ATAPI-6, T13/1410D): registers chapter 7, protocols chapter 9. Interrupts of the drive stay off;
// its status is asked.
#include "bios/pci_config.hpp"
#include "services/clock.hpp"
#include "services/disk.hpp"
#include "services/entry.hpp"
#include "services/ide.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u8 kRead = 0x20, kReadExt = 0x24, kWrite = 0x30, kWriteExt = 0x34, kVerify = 0x40, kVerifyExt = 0x42,
             kFlush = 0xe7, kFlushExt = 0xea, kIdentify = 0xec, kIdentifyPacket = 0xa1;
constexpr u32 kTransferMs = 30'000, kIdentifyMs = 5'000, kSelectMs = 1'000;
constexpr u64 kLba28Sectors = u64{1} << 28;

// The first value of an IDENTIFY answer as text: characters are swapped in each word.
void take_model(Drive& drive, const u16* words) {
  for (u32 i = 0; i < 20; ++i) {
    drive.model[2 * i] = static_cast<char>(words[27 + i] >> 8);
    drive.model[2 * i + 1] = static_cast<char>(words[27 + i]);
  }
  u32 end = 40;
  while (end > 0 && (drive.model[end - 1] == ' ' || drive.model[end - 1] == '\0')) --end;
  drive.model[end] = '\0';
}

void load_address(const Drive& drive, u64 lba, u32 count, bool ext) {
  const u16 port = drive.command_port;
  const u32 low = static_cast<u32>(lba);
  if (ext) {  // the older bytes go first
    out8(port + ide::kCount, static_cast<u8>(count >> 8));
    out8(port + ide::kLbaLow, static_cast<u8>(low >> 24));
    out8(port + ide::kLbaMid, static_cast<u8>(lba >> 32));
    out8(port + ide::kLbaHigh, static_cast<u8>(lba >> 40));
  }
  out8(port + ide::kCount, static_cast<u8>(count));
  out8(port + ide::kLbaLow, static_cast<u8>(low));
  out8(port + ide::kLbaMid, static_cast<u8>(low >> 8));
  out8(port + ide::kLbaHigh, static_cast<u8>(low >> 16));
  const u8 top = ext ? 0 : static_cast<u8>(low >> 24 & 0x0f);
  out8(port + ide::kDevice, static_cast<u8>(ide::kLba | drive.unit << 4 | top));
}

DiskStatus error_of(const Drive& drive) {
  constexpr u8 kAborted = 0x04, kIdNotFound = 0x10, kUncorrectable = 0x40;
  const u8 error = in8(drive.command_port + ide::kError);
  if (error & kUncorrectable) return DiskStatus::DataError;
  if (error & kIdNotFound) return DiskStatus::NotFound;
  return error & kAborted ? DiskStatus::BadRequest : DiskStatus::ControllerError;
}

}  // namespace

namespace ide {

bool wait_idle(const Drive& drive, u32 ms) {
  u8 status = in8(drive.control_port);
  if (!(status & kBusy)) return true;
  for (Deadline deadline = Deadline::after_ms(ms); status & kBusy; status = in8(drive.control_port)) {
    if (deadline.passed()) return false;
    let_interrupts_in();
  }
  return true;
}

bool select(const Drive& drive) {
  if (!wait_idle(drive, kSelectMs)) return false;
  out8(drive.command_port + kDevice, static_cast<u8>(kLba | drive.unit << 4));
  for (u32 i = 0; i < 4; ++i) in8(drive.control_port);  // 400 ns until the status is that of the new one
  if (!wait_idle(drive, kSelectMs)) return false;
  out8(drive.control_port, kNoInterrupts);
  return true;
}

bool identify(Drive& drive, u16* words) {
  if (!select(drive)) return false;
  out8(drive.command_port + kCommand, drive.kind == DriveKind::Atapi ? kIdentifyPacket : kIdentify);
  for (u32 i = 0; i < 4; ++i) in8(drive.control_port);
  if (!wait_idle(drive, kIdentifyMs)) return false;
  const u8 status = in8(drive.command_port + kStatus);
  if ((status & (kFault | kFailed)) || !(status & kDataRequest)) return false;
  in16_many(drive.command_port, {SEGMENT, static_cast<u16>(reinterpret_cast<u32>(words))}, 256);
  take_model(drive, words);
  return true;
}

}  // namespace ide

// Geometry as other BIOSes translate it ("assisted LBA", Phoenix EDD 3.0 appendix): 63 sectors, heads so that there are
// at most 1024 cylinders.
void set_geometry(Drive& drive, u16 cylinders, u16 heads, u16 sectors) {
  drive.own_cylinders = cylinders, drive.own_heads = heads, drive.own_sectors = sectors;
  const bool plain = cylinders <= 1024 && heads <= 255 && sectors <= 63 && cylinders != 0 && heads != 0 && sectors != 0;
  if (plain) {
    drive.cylinders = cylinders, drive.heads = heads, drive.sectors = sectors;
    return;
  }
  drive.sectors = 63;
  const u64 kMost = u64{1024} * 255 * 63;
  const u32 total = static_cast<u32>(drive.total_sectors < kMost ? drive.total_sectors : kMost);
  u32 tracks = total / 63, h = 16;
  while (h < 255 && tracks / h > 1024) h = h * 2 > 255 ? 255 : h * 2;
  drive.heads = static_cast<u16>(h);
  const u32 c = tracks / h;
  drive.cylinders = static_cast<u16>(c > 1024 ? 1024 : c == 0 ? 1 : c);
}

bool ata_start(Drive& drive) {
  u16 words[256];
  if (!ide::identify(drive, words)) return false;
  const bool lba = words[49] & 1u << 9;
  const bool lba48 = (words[83] & 0xc400) == 0x4400;
  drive.lba48 = lba48;
  const u64 sectors28 = words[60] | static_cast<u32>(words[61]) << 16;
  const u64 sectors48 = words[100] | static_cast<u64>(words[101]) << 16 | static_cast<u64>(words[102]) << 32;
  drive.total_sectors = lba48 && sectors48 != 0 ? sectors48 : sectors28;
  drive.sector_size = 512;
  set_geometry(drive, words[1], words[3], words[6]);
  return lba && drive.total_sectors != 0;  // drives from before LBA (1994) are not for this
}

DiskStatus ata_transfer(Drive& drive, Transfer& t) {
  const bool ext = drive.lba48 && t.lba + t.count > kLba28Sectors;
  if (!ide::select(drive)) return DiskStatus::Timeout;
  load_address(drive, t.lba, t.count, ext);
  const bool write = t.action == Action::Write, verify = t.action == Action::Verify;
  out8(drive.command_port + ide::kCommand,
       write ? (ext ? kWriteExt : kWrite) : verify ? (ext ? kVerifyExt : kVerify) : (ext ? kReadExt : kRead));
  for (u32 i = 0; i < 4; ++i) in8(drive.control_port);
  for (u32 i = 0; i <= t.count; ++i) {
    if (!ide::wait_idle(drive, kTransferMs)) return DiskStatus::Timeout;
    const u8 status = in8(drive.command_port + ide::kStatus);
    if (status & (ide::kFault | ide::kFailed)) return error_of(drive);
    const bool more = !verify && i < t.count;
    if (((status & ide::kDataRequest) != 0) != more) return DiskStatus::ControllerError;
    if (!more) break;
    const Far at = t.buffer + i * 512;
    write ? out16_many(drive.command_port, at, 256) : in16_many(drive.command_port, at, 256);
    t.done = i + 1;
  }
  t.done = t.count;
  return write ? ata_flush(drive) : DiskStatus::Ok;
}

// What INT 13h has written is on the disk when it returns.
DiskStatus ata_flush(Drive& drive) {
  out8(drive.command_port + ide::kCommand, drive.lba48 ? kFlushExt : kFlush);
  for (u32 i = 0; i < 4; ++i) in8(drive.control_port);
  if (!ide::wait_idle(drive, kTransferMs)) return DiskStatus::Timeout;
  constexpr u8 kAborted = 0x04;  // the command came with ATA-5
  if (!(in8(drive.command_port + ide::kStatus) & (ide::kFault | ide::kFailed))) return DiskStatus::Ok;
  return in8(drive.command_port + ide::kError) & kAborted ? DiskStatus::Ok : DiskStatus::WriteFault;
}

DiskStatus ata_reset(Drive& drive) {
  out8(drive.control_port, ide::kSoftReset | ide::kNoInterrupts);
  wait_ms(1);
  out8(drive.control_port, ide::kNoInterrupts);
  wait_ms(2);
  return ide::wait_idle(drive, kTransferMs) ? DiskStatus::Ok : DiskStatus::ResetFailed;
}

}  // namespace services
