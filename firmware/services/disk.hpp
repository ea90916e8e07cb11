// Drives: what INT 13h is made of. A transfer moves whole sectors between a drive and far memory.
#pragma once

#include "bios/runtime.hpp"
#include "services/far.hpp"

namespace services {

using firmware::Drive;
using firmware::DriveKind;

// INT 13h's status, in AH.
enum class DiskStatus : u8 {
  Ok = 0x00,
  BadRequest = 0x01,
  NoMark = 0x02,
  WriteProtected = 0x03,
  NotFound = 0x04,
  ResetFailed = 0x05,
  MediaChanged = 0x06,
  DmaOverrun = 0x08,
  DmaBoundary = 0x09,
  DataError = 0x10,
  ControllerError = 0x20,
  SeekFailed = 0x40,
  NotReady = 0xaa,  // of hard disks
  Timeout = 0x80,
  NotLocked = 0xb0,
  NoMedia = 0x31,
  WriteFault = 0xcc,
};

enum class Action : u8 { Read, Write, Verify };

struct Transfer {
  Action action;
  u64 lba;
  u32 count;  // sectors of the drive's size
  Far buffer;
  u32 done = 0;  // sectors that were moved
};

// Fills the runtime's lists.
void find_drives();

DiskStatus transfer(Drive& drive, Transfer& t);
DiskStatus reset_drive(Drive& drive);

// The most bytes that a transfer may move: what one segment reaches from a normal() address.
inline constexpr u32 kMostBytes = 0xfe00;

// The drivers. find_*: appends what is there to the runtime's lists.
void find_ide_drives();
DiskStatus ata_transfer(Drive& drive, Transfer& t);
DiskStatus ata_flush(Drive& drive);
DiskStatus ata_reset(Drive& drive);
DiskStatus atapi_transfer(Drive& drive, Transfer& t);
DiskStatus atapi_command(Drive& drive, const u8* packet, Far buffer, u32 bytes, u32& received);
void find_virtio_disks();
DiskStatus virtio_transfer(Drive& drive, Transfer& t);
void find_floppies();
DiskStatus floppy_transfer(Drive& drive, Transfer& t);
DiskStatus floppy_reset(Drive& drive);

}  // namespace services
