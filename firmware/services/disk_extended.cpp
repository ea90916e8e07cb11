// INT 13h, 41h to 4Eh: Enhanced Disk Drive Specification 3.0 (Phoenix; T13/1572D is the later standard).
#include "services/disk_service.hpp"
#include "services/entry.hpp"

namespace services {

namespace {

struct [[gnu::packed]] AddressPacket {
  u8 size, reserved;
  u16 count;
  u16 offset, segment;
  u64 lba;
};
static_assert(sizeof(AddressPacket) == 16);

void read_or_write(Frame& f, Drive& drive, Action action) {
  AddressPacket packet;
  copy_from_far(&packet, {f.ds, f.si()}, sizeof(packet));
  const u16 done_at = static_cast<u16>(f.si() + 2);
  if (packet.size < sizeof(packet)) return finish(f, DiskStatus::BadRequest);
  const bool flat = packet.offset == 0xffff && packet.segment == 0xffff;  // a 64-bit address follows: not served
  if (flat && action != Action::Verify) return finish(f, DiskStatus::BadRequest);
  const Far buffer = Far{packet.segment, packet.offset}.normal();
  Transfer t{action, packet.lba, packet.count, buffer};
  // The buffer must end below 1 MiB (or the HMA's end); what wraps around would overwrite vectors.
  const u32 bytes = static_cast<u32>(packet.count) * drive.sector_size;
  if (action != Action::Verify && buffer.linear() + bytes > 0x10fff0) {
    far_write16(f.ds, done_at, 0);
    return finish(f, DiskStatus::BadRequest);
  }
  const DiskStatus status = transfer(drive, t);
  far_write16(f.ds, done_at, static_cast<u16>(t.done));
  finish(f, status);
}

struct [[gnu::packed]] Parameters {
  u16 size, flags;
  u32 cylinders, heads, sectors;
  u64 total;
  u16 bytes_per_sector;
  u16 configuration_offset, configuration_segment;  // from 26: the device parameter table extension
  u16 key;                                          // from 30: the device path
  u8 path_length, reserved1;
  u16 reserved2;
  char host_bus[4], interface_type[8];
  u8 interface_path[8], device_path[16];
  u8 reserved3, checksum;
};
static_assert(sizeof(Parameters) == 0x4a);

void set_text(char* to, const char* from, u32 size) {
  for (u32 i = 0; i < size; ++i) to[i] = *from != '\0' ? *from++ : ' ';
}

void set_path(Parameters& p, const Drive& drive) {
  p.key = 0xbedd;
  p.path_length = 44;  // from the key to the checksum
  set_text(p.host_bus, "PCI", 4);
  set_text(p.interface_type, drive.kind == DriveKind::Virtio ? "SCSI" : drive.kind == DriveKind::Atapi ? "ATAPI" : "ATA", 8);
  p.interface_path[1] = drive.pci_device;
  p.interface_path[2] = drive.pci_function;
  if (drive.kind != DriveKind::Virtio) {
    p.interface_path[3] = drive.channel;
    p.device_path[0] = drive.unit;
  }
  u8 sum = 0;
  const u8* bytes = reinterpret_cast<const u8*>(&p.key);
  for (u32 i = 0; i < p.path_length - 1u; ++i) sum = static_cast<u8>(sum + bytes[i]);
  p.checksum = static_cast<u8>(-sum);
}

void get_parameters(Frame& f, Drive& drive) {
  constexpr u16 kGeometryValid = 0x02, kRemovable = 0x04, kChangeLine = 0x10, kLockable = 0x20;
  constexpr u16 kEdd1 = 26, kEdd2 = 30;
  const u16 wanted = far_read16(f.ds, f.si());
  if (wanted < kEdd1) return finish(f, DiskStatus::BadRequest);
  if (drive.kind == DriveKind::Atapi && drive.total_sectors == 0) {  // look at the medium
    Transfer t{Action::Verify, 0, 1, {}};
    transfer(drive, t);
  }
  Parameters p{};
  p.size = wanted >= sizeof(p) ? sizeof(p) : wanted >= kEdd2 ? kEdd2 : kEdd1;
  p.total = drive.total_sectors;
  p.bytes_per_sector = drive.sector_size;
  if (drive.kind == DriveKind::Atapi) {
    p.flags = kRemovable | kChangeLine | kLockable;
    p.cylinders = p.heads = p.sectors = ~0u;
    if (p.total == 0) p.total = ~u64{0};
  } else {
    const bool own = drive.own_cylinders != 0 && drive.total_sectors < 16383u * 16 * 63;
    p.flags = own ? kGeometryValid : 0;
    p.cylinders = own ? drive.own_cylinders : 16383;
    p.heads = own ? drive.own_heads : 16;
    p.sectors = own ? drive.own_sectors : 63;
  }
  p.configuration_offset = p.configuration_segment = 0xffff;  // none
  if (wanted >= sizeof(p)) set_path(p, drive);
  copy_to_far({f.ds, f.si()}, &p, p.size);
  finish(f, DiskStatus::Ok);
}

void check_presence(Frame& f, const Drive& drive) {
  if (f.b.x != 0x55aa) return finish(f, DiskStatus::BadRequest);
  constexpr u16 kAccess = 1, kRemovableControl = 2, kDriveSupport = 4;
  f.b.x = 0xaa55;
  f.c.x = drive.kind == DriveKind::Atapi ? kAccess | kRemovableControl | kDriveSupport : kAccess | kDriveSupport;
  finish(f, DiskStatus::Ok);
  f.a.h = 0x30;  // version 3.0
}

}  // namespace

void extended_service(Frame& f, Drive& drive) {
  if (drive.kind == DriveKind::Floppy) return finish(f, DiskStatus::BadRequest);
  switch (f.a.h) {
    case 0x41: return check_presence(f, drive);
    case 0x42: return read_or_write(f, drive, Action::Read);
    case 0x43:
      if (f.a.l > 2) return finish(f, DiskStatus::BadRequest);
      return read_or_write(f, drive, Action::Write);
    case 0x44: return read_or_write(f, drive, Action::Verify);
    case 0x47: return finish(f, DiskStatus::Ok);
    case 0x48: return get_parameters(f, drive);
    case 0x45:  // lock, unlock, ask
    case 0x46:  // eject
      return finish(f, drive.kind == DriveKind::Atapi && f.a.h == 0x46 ? DiskStatus::NotLocked : DiskStatus::BadRequest);
    case 0x49:  // change line
      return finish(f, drive.kind == DriveKind::Atapi ? DiskStatus::Ok : DiskStatus::BadRequest);
    case 0x4e:  // set hardware configuration: prefetch and transfer modes are as they are
      if (f.a.l > 6) return finish(f, DiskStatus::BadRequest);
      f.a.l = 0;
      return finish(f, DiskStatus::Ok);
    default: return finish(f, DiskStatus::BadRequest);
  }
}

}  // namespace services
