// Booting from a CD ("El Torito" Bootable CD-ROM Format Specification 1.0), and the disk that an image on it may be.
#include "services/disk_service.hpp"
#include "services/entry.hpp"

namespace services {

namespace {

constexpr u32 kBlock = 2048, kBootRecord = 17;
constexpr u16 kDefaultSegment = 0x07c0;

u8 block[kBlock];  // one block of the CD

Far block_address() { return {SEGMENT, static_cast<u16>(reinterpret_cast<u32>(block))}; }

bool equal(const u8* bytes, const char* text) {
  for (; *text != '\0'; ++bytes, ++text) {
    if (*bytes != static_cast<u8>(*text)) return false;
  }
  return true;
}

u32 word32(u32 at) {
  return block[at] | static_cast<u32>(block[at + 1]) << 8 | static_cast<u32>(block[at + 2]) << 16 |
         static_cast<u32>(block[at + 3]) << 24;
}
u16 word16(u32 at) { return static_cast<u16>(block[at] | block[at + 1] << 8); }

bool read_block(Drive& cd, u32 lba) {
  Transfer t{Action::Read, lba, 1, block_address()};
  return transfer(cd, t) == DiskStatus::Ok;
}

// The validation entry: its words sum up to zero.
bool valid_catalog() {
  u16 sum = 0;
  for (u32 i = 0; i < 32; i += 2) sum = static_cast<u16>(sum + word16(i));
  return block[0] == 1 && block[30] == 0x55 && block[31] == 0xaa && sum == 0;
}

// Where the image's disk ends, for CHS: floppies by their kind, a hard disk by its only partition's end.
bool set_geometry(Drive& cd) {
  emulation.heads = 2, emulation.cylinders = 80;
  switch (emulation.media) {
    case 1: emulation.sectors = 15; return true;
    case 2: emulation.sectors = 18; return true;
    case 3: emulation.sectors = 36; return true;
    case 4: break;
    default: return false;
  }
  constexpr u32 kPartition = 0x1be;
  if (!read_block(cd, emulation.lba) || block[510] != 0x55 || block[511] != 0xaa) return false;
  emulation.heads = static_cast<u16>(block[kPartition + 5] + 1);
  emulation.sectors = block[kPartition + 6] & 0x3f;
  emulation.cylinders = static_cast<u16>((block[kPartition + 7] | (block[kPartition + 6] & 0xc0) << 2) + 1);
  return emulation.sectors != 0;
}

// Sectors of 512 bytes from the image, to far memory.
DiskStatus read_image(Drive& cd, u32 sector, u32 count, Far to) {
  while (count > 0) {
    const u32 first = sector & 3;
    if (first == 0 && count >= 4) {
      const u32 blocks = count / 4;
      Transfer t{Action::Read, emulation.lba + sector / 4, blocks, to.normal()};
      const DiskStatus status = transfer(cd, t);
      if (status != DiskStatus::Ok) return status;
      sector += 4 * blocks, count -= 4 * blocks, to = to + blocks * kBlock;
      continue;
    }
    const u32 now = count < 4 - first ? count : 4 - first;
    if (!read_block(cd, emulation.lba + sector / 4)) return DiskStatus::DataError;
    copy_to_far(to.normal(), block + 512 * first, 512 * now);
    sector += now, count -= now, to = to + 512 * now;
  }
  return DiskStatus::Ok;
}

struct [[gnu::packed]] SpecificationPacket {
  u8 size, media, drive, controller;
  u32 lba;
  u16 device, cache_segment, load_segment, sector_count;
  u8 cylinders, sectors, heads;
};
static_assert(sizeof(SpecificationPacket) == 0x13);

void tell_specification(Frame& f) {
  const Drive& cd = runtime.cdroms[emulation.cdrom];
  SpecificationPacket p{};
  p.size = sizeof(p);
  p.media = emulation.media;
  p.drive = emulation.number;
  p.controller = cd.channel;
  p.lba = emulation.lba;
  p.device = cd.unit;
  p.load_segment = emulation.load_segment;
  p.sector_count = emulation.sector_count;
  if (emulation.media != 0) {
    const u32 last = emulation.cylinders - 1u;
    p.cylinders = static_cast<u8>(last);
    p.sectors = static_cast<u8>((last >> 2 & 0xc0) | emulation.sectors);
    p.heads = static_cast<u8>(emulation.heads - 1);
  }
  copy_to_far({f.ds, f.si()}, &p, sizeof(p));
}

}  // namespace

DiskStatus emulated_transfer(Transfer& t) {
  if (t.action == Action::Write) return DiskStatus::WriteProtected;
  Drive& cd = runtime.cdroms[emulation.cdrom];
  const DiskStatus status = t.action == Action::Verify ? DiskStatus::Ok
                                                       : read_image(cd, static_cast<u32>(t.lba), t.count, t.buffer);
  if (status == DiskStatus::Ok) t.done = t.count;
  return status;
}

void cd_emulation_service(Frame& f) {
  constexpr u8 kAnyDrive = 0x7f;
  const bool ours = emulation.active && (f.d.l == emulation.number || f.d.l == kAnyDrive);
  if (f.a.h != 0x4b || f.a.l > 1 || !ours) return finish(f, DiskStatus::BadRequest);
  tell_specification(f);
  if (f.a.l == 0) emulation.active = false;
  finish(f, DiskStatus::Ok);
}

const char* boot_cdrom(u8 index) {
  Drive& cd = runtime.cdroms[index];
  emulation = {};
  if (!read_block(cd, kBootRecord)) return "no readable CD";
  if (block[0] != 0 || !equal(block + 1, "CD001") || !equal(block + 7, "EL TORITO SPECIFICATION")) return "no boot record";
  if (!read_block(cd, word32(0x47)) || !valid_catalog()) return "a damaged boot catalog";
  constexpr u32 kEntry = 32;  // the initial entry
  constexpr u8 kBootable = 0x88;
  if (block[kEntry] != kBootable) return "nothing bootable in its catalog";
  const u8 media = block[kEntry + 1] & 0x0f;
  emulation.media = media;
  emulation.cdrom = index;
  emulation.load_segment = word16(kEntry + 2) != 0 ? word16(kEntry + 2) : kDefaultSegment;
  emulation.sector_count = word16(kEntry + 6) != 0 ? word16(kEntry + 6) : u16{1};
  emulation.lba = word32(kEntry + 8);
  if (media == 0) {
    emulation.number = static_cast<u8>(kFirstCdrom + index);
  } else {
    if (!set_geometry(cd)) return "an unknown kind of image";
    emulation.number = media == 4 ? kFirstHardDisk : 0;
  }
  // Nothing may be loaded over vectors and data areas, nor beyond RAM.
  const Far to{emulation.load_segment, 0};
  const u32 end = to.linear() + 512u * emulation.sector_count;
  if (to.linear() < 0x600 || end > static_cast<u32>(firmware::kEbdaSegment) << 4) return "an image for an odd address";
  if (read_image(cd, 0, emulation.sector_count, to) != DiskStatus::Ok) return "an unreadable image";
  emulation.active = true;
  start_boot_sector(to.segment == kDefaultSegment ? 0x7c00 : static_cast<u32>(to.segment) << 16, emulation.number);
}

}  // namespace services
