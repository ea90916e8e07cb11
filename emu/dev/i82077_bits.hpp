// The names of the 82077AA's commands and bits, for its two source files (data sheet 290166, chapters 2, 5 and 6).
#pragma once

#include "base/types.hpp"

namespace paemu::fdc {
using namespace base;

// DOR (2.1.2) and MSR (2.1.4).
inline constexpr u8 kNotReset = 0x04, kDmaGate = 0x08;
inline constexpr u8 kRequest = 0x80, kToHost = 0x40, kNonDma = 0x20, kCommandBusy = 0x10;

// Commands, bits 0 to 4 (table 5-1).
enum Command : u8 {
  kReadTrack = 0x02,
  kSpecify = 0x03,
  kSenseDrive = 0x04,
  kWriteData = 0x05,
  kReadData = 0x06,
  kRecalibrate = 0x07,
  kSenseInterrupt = 0x08,
  kWriteDeleted = 0x09,
  kReadId = 0x0a,
  kReadDeleted = 0x0c,
  kFormatTrack = 0x0d,
  kDumpRegisters = 0x0e,
  kSeek = 0x0f,
  kVersion = 0x10,
  kScanEqual = 0x11,
  kPerpendicular = 0x12,
  kConfigure = 0x13,
  kLock = 0x14,
  kVerify = 0x16,
  kScanLowOrEqual = 0x19,
  kScanHighOrEqual = 0x1d,
};

// ST0 (figure 6-1), ST1 (6-2), ST2 (6-3).
inline constexpr u8 kAbnormal = 0x40, kInvalid = 0x80, kReadyChanged = 0xc0, kSeekEnd = 0x20, kEquipmentCheck = 0x10;
inline constexpr u8 kEndOfCylinder = 0x80, kDataError = 0x20, kOverrun = 0x10, kNoData = 0x04, kNotWritable = 0x02,
                    kMissingMark = 0x01;
inline constexpr u8 kWrongCylinder = 0x10;

inline constexpr u8 kLastCylinder = 84;
inline constexpr u64 kSectorTicks = 250'000;

}  // namespace paemu::fdc
