// All drives: finding them, and one transfer function over the drivers.
#include "services/disk.hpp"

#include "services/bda.hpp"
#include "services/entry.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

DiskStatus transfer_once(Drive& drive, Transfer& t) {
  switch (drive.kind) {
    case DriveKind::Ata: return ata_transfer(drive, t);
    case DriveKind::Atapi: return atapi_transfer(drive, t);
    case DriveKind::Virtio: return virtio_transfer(drive, t);
    case DriveKind::Floppy: return floppy_transfer(drive, t);
    case DriveKind::None: break;
  }
  return DiskStatus::BadRequest;
}

// What INT 41h and 46h point to: geometry for programs that talk to the drive themselves (IBM PC AT, fixed disk
// parameter table).
void fill_parameter_table(u32 index) {
  const Drive& d = runtime.hard_disks[index];
  const u16 at = index == 0 ? bda::kFixedDisk0 : bda::kFixedDisk1;
  const u16 segment = bda16(bda::kEbdaSegment);
  constexpr u16 kNone = 0xffff;
  constexpr u8 kMoreThan8Heads = 0x08;
  far_write16(segment, at, d.cylinders);
  far_write8(segment, static_cast<u16>(at + 2), static_cast<u8>(d.heads));
  far_write16(segment, static_cast<u16>(at + 5), kNone);  // write precompensation
  far_write8(segment, static_cast<u16>(at + 8), d.heads > 8 ? kMoreThan8Heads : 0);
  far_write16(segment, static_cast<u16>(at + 12), d.cylinders);  // landing zone
  far_write8(segment, static_cast<u16>(at + 14), static_cast<u8>(d.sectors));
  far_write32(0, index == 0 ? 4 * 0x41 : 4 * 0x46, static_cast<u32>(segment) << 16 | at);
}

}  // namespace

void find_drives() {
  runtime.hard_disk_count = runtime.cdrom_count = runtime.floppy_count = 0;
  find_floppies();
  find_ide_drives();
  find_virtio_disks();
  set_bda8(bda::kDiskCount, runtime.hard_disk_count);
  for (u32 i = 0; i < runtime.hard_disk_count && i < 2; ++i) fill_parameter_table(i);
  if (const u32 floppies = runtime.floppy_count; floppies > 0) {
    const u16 bits = static_cast<u16>(1 | (floppies - 1) << 6);
    set_bda16(bda::kEquipment, bda16(bda::kEquipment) | bits);
  }
}

DiskStatus transfer(Drive& drive, Transfer& t) {
  if (t.count == 0) return DiskStatus::Ok;
  const bool known = drive.kind != DriveKind::Atapi;  // a CD's size is asked for when it is read
  if (known && (t.lba >= drive.total_sectors || t.count > drive.total_sectors - t.lba)) return DiskStatus::NotFound;
  if (t.action == Action::Write && drive.read_only) return DiskStatus::WriteProtected;
  const u32 most = kMostBytes / drive.sector_size;
  while (t.done < t.count) {
    const u32 left = t.count - t.done;
    Transfer piece{t.action, t.lba + t.done, left < most ? left : most,
                   (t.buffer + t.done * drive.sector_size).normal()};
    const DiskStatus status = transfer_once(drive, piece);
    t.done += piece.done;
    if (status != DiskStatus::Ok) return status;
    if (piece.done == 0) return DiskStatus::ControllerError;
  }
  return DiskStatus::Ok;
}

DiskStatus reset_drive(Drive& drive) {
  switch (drive.kind) {
    case DriveKind::Ata: return ata_reset(drive);
    case DriveKind::Floppy: return floppy_reset(drive);
    default: return DiskStatus::Ok;
  }
}

// The IDE channels' interrupt: the drivers here ask for none, but a program's own driver may.
extern "C" void int76(Frame&) {
  in8(0x1f7);
  set_bda8(bda::kDiskInterrupt, 0xff);
  end_of_interrupt(14);
}

}  // namespace services
