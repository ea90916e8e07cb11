// INT 13h: which drive a number means, and the families of functions.
#pragma once

#include "services/disk.hpp"
#include "services/frame.hpp"

namespace services {

// Drive numbers: 00h floppies, 80h hard disks, E0h CD drives; what is booted from a CD as a floppy or hard disk takes the
// first number of its kind, and the others move on.
inline constexpr u8 kFirstHardDisk = 0x80, kFirstCdrom = 0xe0;

// A disk that is an image on a CD.
struct Emulation {
  bool active;
  u8 media;      // El Torito 2.2: 0 no emulation, 1 to 3 floppies, 4 hard disk
  u8 number;     // its drive number
  u8 cdrom;      // index of the drive it is on
  u32 lba;       // of the image, in CD blocks
  u16 load_segment, sector_count;
  u16 cylinders, heads, sectors;
  bool is_disk() const { return active && media != 0; }
};
extern Emulation emulation;

// nullptr: there is none. An emulated disk is not among them.
Drive* find_drive(u8 number);

void finish(Frame& f, DiskStatus status);

// 41h to 4Eh.
void extended_service(Frame& f, Drive& drive);
// 4Ah to 4Dh.
void cd_emulation_service(Frame& f);
// Reads and writes of the emulated disk.
DiskStatus emulated_transfer(Transfer& t);

// Starts what a CD has to boot. Returns the sentence's end that says why it can't.
const char* boot_cdrom(u8 index);

}  // namespace services
