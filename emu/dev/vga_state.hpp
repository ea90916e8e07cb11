// The registers of the VGA, by its five parts, and of the Bochs display interface beside it.
// Source: IBM PS/2 Hardware Interface Technical Reference, "Video Subsystem"; sections are named by register.
#pragma once

#include "abi/dispi.hpp"
#include "base/fields.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

namespace vga {

// Miscellaneous Output Register.
inline constexpr u8 kColourPorts = 0x01, kEnableRam = 0x02, kClock28 = 0x04;

// Sequencer.
inline constexpr u32 kReset = 0, kClockingMode = 1, kMapMask = 2, kCharacterMap = 3, kMemoryMode = 4;
inline constexpr u8 kEightDots = 0x01, kHalfDotClock = 0x08, kScreenOff = 0x20;  // of Clocking Mode
inline constexpr u8 kSequential = 0x04, kChain4 = 0x08;                          // of Memory Mode; not kSequential:
                                                                                 // odd and even addresses
// Graphics controller.
inline constexpr u32 kSetReset = 0, kEnableSetReset = 1, kColourCompare = 2, kDataRotate = 3, kReadMap = 4,
                     kGraphicsMode = 5, kGraphicsMisc = 6, kColourDontCare = 7, kBitMask = 8;
inline constexpr u8 kReadMode1 = 0x08, kHostOddEven = 0x10, kShiftInterleave = 0x20,
                    kShift256 = 0x40;                            // of Graphics Mode
inline constexpr u8 kGraphics = 0x01, kChainOddEven = 0x02;      // of Miscellaneous
inline constexpr u32 kMemoryMapShift = 2, kMemoryMapMask = 0x3;  // of Miscellaneous

// Attribute controller.
inline constexpr u32 kAttributeMode = 0x10, kOverscan = 0x11, kPlaneEnable = 0x12, kPelPanning = 0x13,
                     kColourSelect = 0x14;
inline constexpr u8 kPaletteOn = 0x20;  // of the address register: the display owns the palette
inline constexpr u8 kLineGraphics = 0x04, kBlink = 0x08, kPanCompatible = 0x20, kPel256 = 0x40,
                    kColourSelect54 = 0x80;  // of Attribute Mode

// CRT controller.
inline constexpr u32 kHorizontalTotal = 0x00, kHorizontalEnd = 0x01, kVerticalTotal = 0x06, kOverflow = 0x07,
                     kPresetRowScan = 0x08, kMaximumScanLine = 0x09, kCursorStart = 0x0a, kCursorEnd = 0x0b,
                     kStartHigh = 0x0c, kStartLow = 0x0d, kCursorHigh = 0x0e, kCursorLow = 0x0f, kRetraceStart = 0x10,
                     kRetraceEnd = 0x11, kVerticalEnd = 0x12, kOffset = 0x13, kUnderline = 0x14, kModeControl = 0x17,
                     kLineCompare = 0x18;
inline constexpr u8 kProtect = 0x80;                       // of Vertical Retrace End
inline constexpr u8 kDoubleScan = 0x80;                    // of Maximum Scan Line
inline constexpr u8 kDoubleWord = 0x40, kCountBy4 = 0x20;  // of Underline Location
inline constexpr u8 kNoCms0 = 0x01, kNoCms1 = 0x02, kLinesBy2 = 0x04, kCountBy2 = 0x08, kWrap15 = 0x20,
                    kByteMode = 0x40;  // of Mode Control

inline constexpr u32 kSequencerCount = 5, kGraphicsCount = 9, kAttributeCount = 21, kCrtcCount = 25;

}  // namespace vga

namespace dispi = abi::dispi;

struct VgaState {
  u8 misc = 0;     // Miscellaneous Output Register
  u8 feature = 0;  // Feature Control
  u8 enable = 0;   // Video Subsystem Enable
  u8 sequencer_index = 0, sequencer[vga::kSequencerCount] = {};
  u8 crtc_index = 0, crtc[vga::kCrtcCount] = {};
  u8 graphics_index = 0, graphics[vga::kGraphicsCount] = {};
  u8 attribute_index = 0, attribute[vga::kAttributeCount] = {};
  bool attribute_data = false;  // the next write to 3c0 is data
  u32 latch = 0;                // a byte a plane, plane 0 lowest
  u8 palette[256][3] = {};      // red, green, blue: 6 bits each, 8 with dispi::kDac8
  u8 pel_mask = 0xff;
  u8 pel_address = 0;    // the entry that PEL Data reads or writes
  u8 pel_component = 0;  // and its component, 0 to 2
  u8 pel_latch[3] = {};  // a write counts when all three are there
  bool pel_reading = false;
  u16 dispi_index = 0;
  u16 dispi[dispi::kCount] = {};
  FIELDS(misc, feature, enable, sequencer_index, sequencer, crtc_index, crtc, graphics_index, graphics, attribute_index,
         attribute, attribute_data, latch, palette, pel_mask, pel_address, pel_component, pel_latch, pel_reading,
         dispi_index, dispi)

  bool valid() const {
    return pel_component < 3 && dispi[dispi::kWidth] <= dispi::kMostWidth &&
           dispi[dispi::kHeight] <= dispi::kMostHeight;
  }
  bool dispi_on() const { return (dispi[dispi::kEnable] & dispi::kEnabled) != 0; }
  // A mode whose pixels lie one after the other, with the window at 0xa0000 on 64 KiB of them.
  bool linear() const { return dispi_on() && dispi[dispi::kDepth] > 4; }
};

}  // namespace paemu
