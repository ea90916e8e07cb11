// Numbers and structures of the i386 terminal ABI (asm-generic/termbits.h, termios.h, ioctls.h).
#pragma once

#include "base/types.hpp"

namespace ido::termios {
using namespace base;

// Input flags.
inline constexpr u32 kIStrip = 040, kINlCr = 0100, kIgnCr = 0200, kICrNl = 0400, kIUcLc = 01000, kIXOn = 02000,
                     kIXAny = 04000;
// Output flags; kXTabs: tabs to blanks.
inline constexpr u32 kOPost = 1, kOlCuc = 2, kONlCr = 4, kOCrNl = 010, kONoCr = 020, kOnlRet = 040, kXTabs = 014000;
// Control flags: 8 bits, receiver on, hang up on close, 115200 baud.
inline constexpr u32 kBaudMask = 0010017, kBaud115200 = 0010002, kBaud38400 = 017;
inline constexpr u32 kDefaultControl = 0060 | 0200 | 02000;
// Local flags.
inline constexpr u32 kISig = 1, kICanon = 2, kEcho = 010, kEchoE = 020, kEchoK = 040, kEchoNl = 0100, kNoFlush = 0200,
                     kToStop = 0400, kEchoCtl = 01000, kEchoPrt = 02000, kEchoKe = 04000, kIExten = 0100000;
// Indices of control characters.
inline constexpr u32 kVIntr = 0, kVQuit = 1, kVErase = 2, kVKill = 3, kVEof = 4, kVTime = 5, kVMin = 6, kVStart = 8,
                     kVStop = 9, kVSusp = 10, kVEol = 11, kVReprint = 12, kVDiscard = 13, kVWErase = 14, kVLNext = 15,
                     kVEol2 = 16;

// Requests.
inline constexpr u32 kTcGets = 0x5401, kTcSets = 0x5402, kTcSetsW = 0x5403, kTcSetsF = 0x5404, kTcGeta = 0x5405,
                     kTcSeta = 0x5406, kTcSetaW = 0x5407, kTcSetaF = 0x5408, kTcSBrk = 0x5409, kTcXonc = 0x540a,
                     kTcFlush = 0x540b, kTiocExcl = 0x540c, kTiocNxcl = 0x540d, kTiocSCtty = 0x540e,
                     kTiocGPgrp = 0x540f, kTiocSPgrp = 0x5410, kTiocOutQ = 0x5411, kTiocSti = 0x5412,
                     kTiocGWinSz = 0x5413, kTiocSWinSz = 0x5414, kTiocMGet = 0x5415, kFionRead = 0x541b,
                     kTiocPkt = 0x5420, kTiocNoTty = 0x5422, kTiocSetD = 0x5423, kTiocGetD = 0x5424, kTcSBrkP = 0x5425,
                     kTiocSBrk = 0x5427, kTiocCBrk = 0x5428, kTiocGSid = 0x5429, kTcGets2 = 0x802c542a,
                     kTcSets2 = 0x402c542b, kTcSetsW2 = 0x402c542c, kTcSetsF2 = 0x402c542d, kTiocGPtn = 0x80045430,
                     kTiocSPtLck = 0x40045431, kTiocSig = 0x40045436, kTiocGPtLck = 0x80045439, kTiocGPtPeer = 0x5441;

// struct termios: what TCGETS moves.
struct Termios {
  u32 input = 0;
  u32 output = 0;
  u32 control = 0;
  u32 local = 0;
  u8 line = 0;
  u8 characters[19] = {};
};
static_assert(sizeof(Termios) == 36);

// struct termios2: the same and the speeds in bits a second.
struct Termios2 {
  Termios common;
  u32 input_speed = 0, output_speed = 0;
};
static_assert(sizeof(Termios2) == 44);

// struct termio, of System V.
struct Termio {
  u16 input = 0, output = 0, control = 0, local = 0;
  u8 line = 0;
  u8 characters[8] = {};
  u8 padding = 0;
};
static_assert(sizeof(Termio) == 18);

struct WindowSize {
  u16 rows = 0, columns = 0, x_pixels = 0, y_pixels = 0;
};

}  // namespace ido::termios
