// One IDE channel's registers and steps that disks and CD drives share (ATA/ATAPI-6, chapter 7).
#pragma once

#include "services/disk.hpp"

namespace services {

namespace ide {

// Offsets from the command port; control port: alternate status, and device control.
inline constexpr u32 kData = 0, kError = 1, kFeatures = 1, kCount = 2, kLbaLow = 3, kLbaMid = 4, kLbaHigh = 5,
                     kDevice = 6, kStatus = 7, kCommand = 7;
inline constexpr u8 kFailed = 0x01, kDataRequest = 0x08, kFault = 0x20, kReady = 0x40, kBusy = 0x80;  // status
inline constexpr u8 kLba = 0xe0;                                   // device: LBA, and two bits that were always 1
inline constexpr u8 kNoInterrupts = 0x02, kSoftReset = 0x04;       // device control

bool wait_idle(const Drive& drive, u32 ms);
bool select(const Drive& drive);
// IDENTIFY DEVICE or IDENTIFY PACKET DEVICE by the drive's kind; fills its model. words: 256, in our segment.
bool identify(Drive& drive, u16* words);

}  // namespace ide

// What find_ide_drives needs of both kinds: does the drive answer, and what is it?
bool ata_start(Drive& drive);
bool atapi_start(Drive& drive);

// Geometry for INT 13h from the drive's own; zeros if it has none.
void set_geometry(Drive& drive, u16 cylinders, u16 heads, u16 sectors);

}  // namespace services
