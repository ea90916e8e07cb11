// The floppy controller: 82077AA data sheet (registers chapter 2, commands chapter 5), its data by channel 2 of the
// 8237A DMA controller.
#include "services/bda.hpp"
#include "services/clock.hpp"
#include "services/disk.hpp"
#include "services/entry.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u32 kOutput = 0x3f2, kMainStatus = 0x3f4, kFifo = 0x3f5, kRate = 0x3f7, kInput = 0x3f7;
constexpr u8 kRequest = 0x80, kToProcessor = 0x40, kBusy = 0x10;  // main status
constexpr u8 kEnabled = 0x0c;                                     // output: not in reset, DMA and interrupt
constexpr u8 kSpecify = 0x03, kRecalibrate = 0x07, kSenseInterrupt = 0x08, kSeek = 0x0f, kRead = 0xe6, kWrite = 0xc5;
constexpr u32 kSpinUpMs = 300, kCommandMs = 1500;
constexpr u8 kMotorTicks = 37;
constexpr u8 kUnknownTrack = 0xff;

struct Format {
  u8 cylinders, heads, sectors, rate, gap;
};
// By CMOS type 1 to 5: 360 KiB, 1.2 MiB, 720 KiB, 1.44 MiB, 2.88 MiB.
constexpr Format kFormats[] = {{40, 2, 9, 2, 0x2a}, {80, 2, 15, 0, 0x1b}, {80, 2, 9, 2, 0x2a}, {80, 2, 18, 0, 0x1b}, {80, 2, 36, 3, 0x1b}};

u8 result[7];
u8 track[firmware::kMaxFloppies];
u8 bounce[512];

const Format& format_of(const Drive& d) { return kFormats[d.floppy_type >= 1 && d.floppy_type <= 5 ? d.floppy_type - 1 : 3]; }

bool wait_for(u8 mask, u8 wanted, u32 ms) {
  for (Deadline deadline = Deadline::after_ms(ms); (in8(kMainStatus) & mask) != wanted;) {
    if (deadline.passed()) return false;
    let_interrupts_in();
  }
  return true;
}

bool send(const u8* bytes, u32 count) {
  for (u32 i = 0; i < count; ++i) {
    if (!wait_for(kRequest | kToProcessor, kRequest, 50)) return false;
    out8(kFifo, bytes[i]);
  }
  return true;
}

bool take_result(u32 count, u32 ms) {
  for (u32 i = 0; i < count; ++i) {
    if (!wait_for(kRequest | kToProcessor, kRequest | kToProcessor, i == 0 ? ms : 50)) return false;
    result[i] = in8(kFifo);
    set_bda8(static_cast<u16>(bda::kFloppyResult + i), result[i]);
  }
  return true;
}

// Seeks end with an interrupt; its sense says how. Asked until the seek's own sense comes.
bool finish_seek() {
  constexpr u8 kSeekEnd = 0x20, kAbnormal = 0xc0;
  for (Deadline deadline = Deadline::after_ms(kCommandMs); !deadline.passed();) {
    let_interrupts_in();
    const u8 sense = kSenseInterrupt;
    if (!send(&sense, 1) || !take_result(1, 50)) return false;
    const u8 state = result[0];
    if (state == 0x80) continue;  // nothing yet
    if (!take_result(1, 50)) return false;
    if (state & kSeekEnd) return (state & kAbnormal) == 0;
  }
  return false;
}

void start_motor(const Drive& d) {
  const u8 bit = static_cast<u8>(1u << d.unit);
  const bool running = bda8(bda::kFloppyMotors) & bit;
  disable_interrupts();
  set_bda8(bda::kFloppyMotorTicks, 0xff);  // no stop meanwhile
  set_bda8(bda::kFloppyMotors, static_cast<u8>((bda8(bda::kFloppyMotors) & 0xf0) | bit));
  out8(kOutput, static_cast<u8>(kEnabled | bit << 4 | d.unit));
  enable_interrupts();
  if (!running) wait_ms(kSpinUpMs);
}

bool specify() {
  const u8 command[] = {kSpecify, 0xaf, 0x02};
  return send(command, sizeof(command));
}

bool recalibrate(const Drive& d) {
  const u8 command[] = {kRecalibrate, d.unit};
  if (!send(command, sizeof(command)) || !finish_seek()) return false;
  track[d.unit] = 0;
  return true;
}

bool seek(const Drive& d, u8 head, u8 cylinder) {
  constexpr u8 kDiskChanged = 0x80;
  if ((in8(kInput) & kDiskChanged) && cylinder == 0) {
    // The change line falls only by a step onto another track.
    const u8 away[] = {kSeek, d.unit, 1};
    if (!send(away, sizeof(away)) || !finish_seek()) return false;
    track[d.unit] = 1;
  }
  if (track[d.unit] == kUnknownTrack && !recalibrate(d)) return false;
  if (track[d.unit] == cylinder) return true;
  const u8 command[] = {kSeek, static_cast<u8>(head << 2 | d.unit), cylinder};
  if (!send(command, sizeof(command)) || !finish_seek()) return false;
  track[d.unit] = cylinder;
  return true;
}

// 8237A: channel 2, single mode.
void set_dma(u32 address, u32 bytes, bool write) {
  constexpr u32 kAddress = 0x04, kCount = 0x05, kPage = 0x81, kMask = 0x0a, kMode = 0x0b, kClear = 0x0c;
  out8(kMask, 0x06);
  out8(kMode, write ? 0x4a : 0x46);  // memory to device, or device to memory
  out8(kClear, 0);
  out8(kAddress, static_cast<u8>(address));
  out8(kAddress, static_cast<u8>(address >> 8));
  out8(kPage, static_cast<u8>(address >> 16));
  const u32 last = bytes - 1;
  out8(kCount, static_cast<u8>(last));
  out8(kCount, static_cast<u8>(last >> 8));
  out8(kMask, 0x02);
}

DiskStatus status_of_result() {
  if ((result[0] & 0xc0) == 0) return DiskStatus::Ok;
  if (result[0] & 0x08) return DiskStatus::Timeout;  // not ready: no disk
  if (result[1] & 0x02) return DiskStatus::WriteProtected;
  if (result[1] & 0x01) return DiskStatus::NoMark;
  if (result[1] & 0x04) return DiskStatus::NotFound;
  if (result[1] & 0x10) return DiskStatus::DmaOverrun;
  if (result[1] & 0x20) return DiskStatus::DataError;
  return result[1] & 0x80 ? DiskStatus::NotFound : DiskStatus::ControllerError;
}

DiskStatus run(const Drive& d, u32 lba, u32 count, u32 address, bool write) {
  const Format& format = format_of(d);
  const u32 in_cylinder = lba % (format.sectors * 2u);
  const u8 cylinder = static_cast<u8>(lba / (format.sectors * 2u));
  const u8 head = static_cast<u8>(in_cylinder / format.sectors), sector = static_cast<u8>(in_cylinder % format.sectors + 1);
  if (!seek(d, head, cylinder)) return DiskStatus::SeekFailed;
  out8(kRate, format.rate);
  set_dma(address, count * 512, write);
  const u8 command[] = {write ? kWrite : kRead, static_cast<u8>(head << 2 | d.unit), cylinder, head, sector, 2,
                        static_cast<u8>(sector + count - 1), format.gap, 0xff};
  if (!send(command, sizeof(command)) || !take_result(7, kCommandMs)) return DiskStatus::Timeout;
  return status_of_result();
}

bool in_protected_mode() {
  u32 msw;
  asm("smsw %0" : "=r"(msw));
  return msw & 1;
}

}  // namespace

void find_floppies() {
  constexpr u8 kDriveTypes = 0x10;
  const u8 types = cmos_read(kDriveTypes);
  for (u8 unit = 0; unit < firmware::kMaxFloppies; ++unit) {
    const u8 type = unit == 0 ? types >> 4 : types & 15;
    track[unit] = kUnknownTrack;
    if (type == 0 || type > 5) continue;
    Drive& d = runtime.floppies[runtime.floppy_count++];
    d = {};
    d.kind = DriveKind::Floppy;
    d.unit = unit;
    d.floppy_type = type;
    const Format& format = format_of(d);
    d.sector_size = 512;
    d.cylinders = format.cylinders, d.heads = format.heads, d.sectors = format.sectors;
    d.total_sectors = static_cast<u32>(format.cylinders) * format.heads * format.sectors;
    constexpr char kName[] = "floppy";
    for (u32 i = 0; i < sizeof(kName); ++i) d.model[i] = kName[i];
  }
  if (runtime.floppy_count == 0) return;
  unmask_irq(6);
  floppy_reset(runtime.floppies[0]);
}

DiskStatus floppy_reset(Drive& drive) {
  out8(kOutput, 0);
  wait_ms(1);
  out8(kOutput, static_cast<u8>(kEnabled | drive.unit));
  if (!wait_for(kRequest | kToProcessor, kRequest, 100)) return DiskStatus::ResetFailed;
  for (u32 i = 0; i < 4; ++i) {  // each of four drives has an interrupt to be sensed after a reset (5.2.4)
    const u8 sense = kSenseInterrupt;
    if (!send(&sense, 1) || !take_result(1, 50)) return DiskStatus::ResetFailed;
    if (result[0] == 0x80) break;
    take_result(1, 50);
  }
  for (u8& t : track) t = kUnknownTrack;
  set_bda8(bda::kFloppyMotors, 0);
  return specify() ? DiskStatus::Ok : DiskStatus::ResetFailed;
}

DiskStatus floppy_transfer(Drive& drive, Transfer& t) {
  if (t.action == Action::Verify) {
    t.done = t.count;
    return DiskStatus::Ok;
  }
  const bool write = t.action == Action::Write;
  const Format& format = format_of(drive);
  start_motor(drive);
  DiskStatus status = DiskStatus::Ok;
  u32 attempts = 0;
  while (t.done < t.count && status == DiskStatus::Ok) {
    const u32 lba = static_cast<u32>(t.lba) + t.done;
    const Far at = (t.buffer + t.done * 512).normal();
    const u32 to_track_end = format.sectors - lba % format.sectors;
    u32 now = t.count - t.done < to_track_end ? t.count - t.done : to_track_end;
    const u32 to_boundary = (0x10000 - (at.linear() & 0xffff)) / 512;  // the DMA controller's pages
    if (now > to_boundary) now = to_boundary;
    const bool bounced = now == 0 || in_protected_mode();
    if (bounced) now = 1;
    if (bounced && write) copy_from_far(bounce, at, 512);
    const u32 ours = firmware::kServicesData + reinterpret_cast<u32>(bounce);
    status = run(drive, lba, now, bounced ? ours : at.linear(), write);
    if (status == DiskStatus::Ok) {
      if (bounced && !write) copy_to_far(at, bounce, 512);
      t.done += now;
      attempts = 0;
    } else if (status != DiskStatus::WriteProtected && status != DiskStatus::Timeout && ++attempts < 3) {
      track[drive.unit] = kUnknownTrack;
      status = DiskStatus::Ok;
    }
  }
  if (status == DiskStatus::Timeout) floppy_reset(drive);
  set_bda8(bda::kFloppyMotorTicks, kMotorTicks);
  return status;
}

// IRQ 6: programs that talk to the controller themselves look at this bit.
extern "C" void int0e(Frame&) {
  set_bda8(bda::kFloppyRecalibrated, bda8(bda::kFloppyRecalibrated) | 0x80);
  end_of_interrupt(6);
}

}  // namespace services
