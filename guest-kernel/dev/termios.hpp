// Numbers of the i386 terminal ABI (asm-generic/termbits.h, ioctls.h).
#pragma once

#include "base/types.hpp"

namespace ido::termios {
using namespace base;

// Input flags.
inline constexpr u32 kIgnCr = 0200, kICrNl = 0400, kINlCr = 0100, kIXOn = 02000;
// Output flags.
inline constexpr u32 kOPost = 1, kONlCr = 4;
// Control flags: 8 bits, receiver on, hang up on close, 115200 baud.
inline constexpr u32 kDefaultControl = 0060 | 0200 | 02000 | 0010002;
// Local flags.
inline constexpr u32 kISig = 1, kICanon = 2, kEcho = 010, kEchoE = 020, kEchoK = 040, kEchoNl = 0100, kNoFlush = 0200,
                     kToStop = 0400, kEchoCtl = 01000, kEchoKe = 04000, kIExten = 0100000;
// Indices of control characters.
inline constexpr u32 kVIntr = 0, kVQuit = 1, kVErase = 2, kVKill = 3, kVEof = 4, kVTime = 5, kVMin = 6, kVStart = 8,
                     kVStop = 9, kVSusp = 10, kVEol = 11, kVReprint = 12, kVWErase = 14, kVLNext = 15;
// Requests.
inline constexpr u32 kTcGets = 0x5401, kTcSets = 0x5402, kTcSetsW = 0x5403, kTcSetsF = 0x5404, kTcSBrk = 0x5409,
                     kTcXonc = 0x540a, kTcFlush = 0x540b, kTiocSCtty = 0x540e, kTiocGPgrp = 0x540f, kTiocSPgrp = 0x5410,
                     kTiocOutQ = 0x5411, kTiocGWinSz = 0x5413, kTiocSWinSz = 0x5414, kFionRead = 0x541b,
                     kTiocNoTty = 0x5422, kTiocGSid = 0x5429, kTcSBrkP = 0x5425;

}  // namespace ido::termios
