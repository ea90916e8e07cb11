// DriveSpec: a drive as the configuration has it.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "replay/drive.hpp"

namespace paemu {

enum class DriveBus : u8 { kNone, kIde, kFloppy, kVirtio, kLast = kVirtio };  // kNone: for a -device
enum class DriveKind : u8 { kDisk, kCdrom, kFloppy, kLast = kFloppy };

// A drive of the machine, with or without a medium at the start.
struct DriveSpec {
  std::string id;  // "ide0-hd0"
  DriveBus bus = DriveBus::kIde;
  u32 index = 0;  // on its bus: 2 * channel + unit for IDE
  DriveKind kind = DriveKind::kDisk;
  MediumSpec medium;
  std::string serial;  // what the drive tells the guest
  FIELDS(id, bus, index, kind, medium, serial)
  bool removable() const { return kind != DriveKind::kDisk; }
};
inline constexpr u32 kMaxDrives = 64, kIdeDrives = 4, kFloppyDrives = 2;

// Errors: two drives with one id or in one place, a place that is not there, a disk without a medium.
Or<> check_drives(const std::vector<DriveSpec>& drives);

}  // namespace paemu
