// INT 13h (IBM PS/2 BIOS Interface Technical Reference): CHS functions. INT 40h is the same for floppies.
#include "services/disk_service.hpp"

#include "services/bda.hpp"
#include "services/entry.hpp"
#include "services/ports.hpp"

namespace services {

Emulation emulation;

namespace {

struct Geometry {
  u16 cylinders, heads, sectors;
};

bool is_emulated(u8 number) { return emulation.is_disk() && number == emulation.number; }

u16 status_place(u8 number) { return number < kFirstHardDisk ? bda::kFloppyStatus : bda::kDiskStatus; }

// How many drives of the kind of `number` there are.
u8 count_like(u8 number) {
  const bool floppy = number < kFirstHardDisk;
  const u8 emulated = emulation.is_disk() && (emulation.number < kFirstHardDisk) == floppy ? 1 : 0;
  return static_cast<u8>((floppy ? runtime.floppy_count : runtime.hard_disk_count) + emulated);
}

void transfer_chs(Frame& f, Action action, const Geometry& g, Drive* drive) {
  const u32 cylinder = f.c.h | (f.c.l & 0xc0u) << 2, sector = f.c.l & 0x3f, head = f.d.h, count = f.a.l;
  f.a.l = 0;
  if (count == 0 || count > 128 || sector == 0) return finish(f, DiskStatus::BadRequest);
  if (cylinder >= g.cylinders || head >= g.heads || sector > g.sectors) return finish(f, DiskStatus::NotFound);
  Transfer t{action, (cylinder * g.heads + head) * g.sectors + sector - 1, count, Far{f.es, f.b.x}.normal()};
  const DiskStatus status = drive == nullptr ? emulated_transfer(t) : transfer(*drive, t);
  f.a.l = static_cast<u8>(t.done);
  finish(f, status);
}

void parameters(Frame& f, const Geometry& g, u8 floppy_type) {
  const u32 last = g.cylinders - 1u;
  f.a.l = 0;
  f.b.l = floppy_type;
  f.c.h = static_cast<u8>(last);
  f.c.l = static_cast<u8>((last >> 2 & 0xc0) | g.sectors);
  f.d.h = static_cast<u8>(g.heads - 1);
  const u8 number = f.d.l;
  f.d.l = count_like(number);
  if (number < kFirstHardDisk) f.es = 0xf000, f.set_di(0xefc7);
  f.succeed();
}

void disk_type(Frame& f, u8 number, u64 sectors) {
  constexpr u8 kFloppyNoChangeLine = 1, kFloppyChangeLine = 2, kHardDisk = 3;
  if (number < kFirstHardDisk) {
    f.a.h = is_emulated(number) ? kFloppyNoChangeLine : kFloppyChangeLine;
  } else {
    f.a.h = kHardDisk;
    const u32 reported = sectors >> 32 != 0 ? ~0u : static_cast<u32>(sectors);
    f.c.x = static_cast<u16>(reported >> 16);
    f.d.x = static_cast<u16>(reported);
  }
  f.set_carry(false);
}

void classic_service(Frame& f, Drive* drive) {
  const u8 number = f.d.l;
  const bool floppy = number < kFirstHardDisk;
  const Geometry g = drive == nullptr ? Geometry{emulation.cylinders, emulation.heads, emulation.sectors}
                                      : Geometry{drive->cylinders, drive->heads, drive->sectors};
  switch (f.a.h) {
    case 0x00:
    case 0x0d: return finish(f, drive == nullptr ? DiskStatus::Ok : reset_drive(*drive));
    case 0x01: {
      const u8 last = bda8(status_place(number));
      set_bda8(status_place(number), 0);
      f.a.h = last;
      return f.set_carry(last != 0);
    }
    case 0x02: return transfer_chs(f, Action::Read, g, drive);
    case 0x03: return transfer_chs(f, Action::Write, g, drive);
    case 0x04: return transfer_chs(f, Action::Verify, g, drive);
    case 0x08: return parameters(f, g, drive == nullptr ? emulation.media + 1 : drive->floppy_type);
    case 0x09:
    case 0x0c:
    case 0x10:
    case 0x11:
    case 0x14: return finish(f, floppy ? DiskStatus::BadRequest : DiskStatus::Ok);
    case 0x15:
      return disk_type(f, number, static_cast<u64>(g.cylinders) * g.heads * g.sectors);
    case 0x16: return floppy ? finish(f, DiskStatus::Ok) : finish(f, DiskStatus::BadRequest);  // not changed
    case 0x17:
    case 0x18:
      if (!floppy) return finish(f, DiskStatus::BadRequest);
      f.es = 0xf000, f.set_di(0xefc7);
      return finish(f, DiskStatus::Ok);
    default: return finish(f, DiskStatus::BadRequest);
  }
}

void serve(Frame& f) {
  enable_interrupts();
  const u8 number = f.d.l;
  if (f.a.h >= 0x4a && f.a.h <= 0x4d) return cd_emulation_service(f);
  if (is_emulated(number)) return classic_service(f, nullptr);
  Drive* drive = find_drive(number);
  if (drive == nullptr) {
    // How many drives there are may be asked of one that is not there.
    if (f.a.h == 0x08 && number < kFirstHardDisk) {
      f.a.x = f.b.x = f.c.x = 0, f.d.h = 0, f.d.l = count_like(number), f.es = 0, f.set_di(0);
      return f.set_carry(false);
    }
    if (f.a.h == 0x15) {
      f.a.h = 0;
      return f.set_carry(false);
    }
    return finish(f, DiskStatus::BadRequest);
  }
  if (f.a.h >= 0x41 && f.a.h <= 0x4e) return extended_service(f, *drive);
  if (number >= kFirstCdrom) return finish(f, f.a.h == 0x00 ? DiskStatus::Ok : DiskStatus::BadRequest);
  classic_service(f, drive);
}

}  // namespace

Drive* find_drive(u8 number) {
  const u8 emulated = emulation.is_disk() ? 1 : 0;
  if (number >= kFirstCdrom) {
    const u32 i = static_cast<u32>(number - kFirstCdrom);
    return i < runtime.cdrom_count ? &runtime.cdroms[i] : nullptr;
  }
  if (number >= kFirstHardDisk) {
    const u32 i = static_cast<u32>(number - kFirstHardDisk) - (emulated && emulation.number >= kFirstHardDisk ? 1 : 0);
    return i < runtime.hard_disk_count ? &runtime.hard_disks[i] : nullptr;
  }
  const u32 i = static_cast<u32>(number) - (emulated && emulation.number < kFirstHardDisk ? 1 : 0);
  return i < runtime.floppy_count ? &runtime.floppies[i] : nullptr;
}

void finish(Frame& f, DiskStatus status) {
  set_bda8(status_place(f.d.l), static_cast<u8>(status));
  status == DiskStatus::Ok ? f.succeed() : f.fail(static_cast<u8>(status));
}

extern "C" void int13(Frame& f) {
  // Programs that take INT 40h over see the floppies' calls.
  if (f.d.l < kFirstHardDisk && !is_emulated(f.d.l)) {
    constexpr u32 kOurs = 0xf000ec59;
    if (far_read32(0, 4 * 0x40) != kOurs) {
      CallRegisters r{f.a, f.b, f.c, f.d, f.esi, f.edi, f.es, 0};
      call_interrupt(0x40, r);
      f.a = r.a, f.b = r.b, f.c = r.c, f.d = r.d, f.esi = r.si, f.edi = r.di, f.es = r.es;
      return f.set_carry(r.carry());
    }
  }
  serve(f);
}

extern "C" void int40(Frame& f) {
  if (f.d.l >= kFirstHardDisk) return finish(f, DiskStatus::BadRequest);
  serve(f);
}

}  // namespace services
