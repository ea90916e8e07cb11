// The BIOS data area at 0040:0000 and the extended one: offsets as the IBM PC and PS/2 BIOS Interface Technical
// Reference gives them (section 3, "Data areas").
#pragma once

#include "base/types.hpp"

namespace services::bda {
using base::u16;
using base::u32;

inline constexpr u16 kComPorts = 0x00;
inline constexpr u16 kLptPorts = 0x08;
inline constexpr u16 kEbdaSegment = 0x0e;
inline constexpr u16 kEquipment = 0x10;
inline constexpr u16 kMemoryKib = 0x13;
inline constexpr u16 kShift = 0x17;   // shift flags, two bytes
inline constexpr u16 kAltKeypad = 0x19;
inline constexpr u16 kKeyHead = 0x1a;
inline constexpr u16 kKeyTail = 0x1c;
inline constexpr u16 kKeyBuffer = 0x1e;
inline constexpr u16 kFloppyRecalibrated = 0x3e;  // bit 7: its interrupt came
inline constexpr u16 kFloppyMotors = 0x3f;
inline constexpr u16 kFloppyMotorTicks = 0x40;
inline constexpr u16 kFloppyStatus = 0x41;
inline constexpr u16 kFloppyResult = 0x42;  // 7 bytes
inline constexpr u16 kVideoMode = 0x49;
inline constexpr u16 kColumns = 0x4a;
inline constexpr u16 kPageSize = 0x4c;
inline constexpr u16 kCursor = 0x50;  // 8 pages, column and row
inline constexpr u16 kCursorShape = 0x60;
inline constexpr u16 kPage = 0x62;
inline constexpr u16 kCrtcPort = 0x63;
inline constexpr u16 kTicks = 0x6c;
inline constexpr u16 kTicksRolled = 0x70;
inline constexpr u16 kBreak = 0x71;
inline constexpr u16 kResetFlag = 0x72;
inline constexpr u16 kDiskStatus = 0x74;
inline constexpr u16 kDiskCount = 0x75;
inline constexpr u16 kLptTimeouts = 0x78;
inline constexpr u16 kComTimeouts = 0x7c;
inline constexpr u16 kKeyBufferBegin = 0x80;
inline constexpr u16 kKeyBufferEnd = 0x82;
inline constexpr u16 kRows = 0x84;  // less one
inline constexpr u16 kFloppyRate = 0x8b;
inline constexpr u16 kDiskInterrupt = 0x8e;
inline constexpr u16 kFloppyMedia = 0x90;  // two drives
inline constexpr u16 kFloppyTrack = 0x94;
inline constexpr u16 kKeyboardMode = 0x96;  // bit 4: 101 keys; 3: right Alt, 2: right Ctrl, 1: E0 came, 0: E1 came
inline constexpr u16 kKeyboardLeds = 0x97;
inline constexpr u16 kWaitFlag = 0x98;   // far pointer to it
inline constexpr u16 kWaitMicroseconds = 0x9c;
inline constexpr u16 kWaitActive = 0xa0;

// In the EBDA (PS/2).
inline constexpr u16 kMouseHandler = 0x22;  // far pointer
inline constexpr u16 kMouseFlags = 0x26;    // two bytes: index of the next byte, and bytes in a packet less one
inline constexpr u16 kMousePacket = 0x28;   // 8 bytes
inline constexpr u16 kFixedDisk0 = 0x3d;    // parameter tables of drives 80h and 81h, 16 bytes each
inline constexpr u16 kFixedDisk1 = 0x4d;

}  // namespace services::bda
