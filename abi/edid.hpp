// What the monitor says of itself: an EDID block (VESA E-EDID standard, release A, version 1.3), told by the display
// controller and by its BIOS. Includes nothing.
#pragma once

namespace abi::edid {

inline constexpr unsigned kSize = 128;
struct Block {
  unsigned char bytes[kSize];
};

// A detailed timing (3.10.2): 18 bytes.
struct Timing {
  unsigned clock_10khz, width, h_blank, h_front, h_sync, height, v_blank, v_front, v_sync;
};
// CVT with reduced blanking.
inline constexpr Timing k1024x768{5600, 1024, 160, 48, 32, 768, 22, 3, 4};
inline constexpr Timing k1920x1200{15400, 1920, 160, 48, 32, 1200, 35, 3, 6};

constexpr void put_timing(Block& b, unsigned at, const Timing& t) {
  const unsigned bytes[18] = {
      t.clock_10khz & 0xff,
      t.clock_10khz >> 8,
      t.width & 0xff,
      t.h_blank & 0xff,
      (t.width >> 8 << 4) | t.h_blank >> 8,
      t.height & 0xff,
      t.v_blank & 0xff,
      (t.height >> 8 << 4) | t.v_blank >> 8,
      t.h_front & 0xff,
      t.h_sync & 0xff,
      (t.v_front & 15) << 4 | (t.v_sync & 15),
      (t.h_front >> 8 << 6) | (t.h_sync >> 8 << 4) | (t.v_front >> 4 << 2) | t.v_sync >> 4,
      0x00,
      0x00,
      0x00,  // no size in millimetres
      0,
      0,
      0x1a,  // digital separate sync, horizontal positive
  };
  for (unsigned i = 0; i < 18; ++i) b.bytes[at + i] = static_cast<unsigned char>(bytes[i]);
}

// A standard timing (3.9): width / 8 - 31, then aspect ratio and refresh rate less 60 Hz.
constexpr void put_standard(Block& b, unsigned index, unsigned width, unsigned char aspect) {
  b.bytes[38 + 2 * index] = static_cast<unsigned char>(width / 8 - 31);
  b.bytes[39 + 2 * index] = static_cast<unsigned char>(aspect << 6);
}

constexpr void put_text(Block& b, unsigned at, unsigned char tag, const char* text) {
  b.bytes[at + 3] = tag;
  unsigned i = 0;
  for (; text[i] != '\0'; ++i) b.bytes[at + 5 + i] = static_cast<unsigned char>(text[i]);
  b.bytes[at + 5 + i++] = '\n';
  for (; i < 13; ++i) b.bytes[at + 5 + i] = ' ';
}

constexpr Block make() {
  Block b{};
  for (unsigned i = 1; i < 7; ++i) b.bytes[i] = 0xff;
  const unsigned maker = ('P' - '@') << 10 | ('M' - '@') << 5 | ('U' - '@');  // 3.4.1
  b.bytes[8] = static_cast<unsigned char>(maker >> 8);
  b.bytes[9] = static_cast<unsigned char>(maker & 0xff);
  b.bytes[10] = 0x01;  // product code
  b.bytes[16] = 1;     // week, and year less 1990, of manufacture
  b.bytes[17] = 2024 - 1990;
  b.bytes[18] = 1;  // version 1.3
  b.bytes[19] = 3;
  b.bytes[20] = 0x80;  // digital
  b.bytes[23] = 120;   // gamma 2.2
  b.bytes[24] = 0x0e;  // RGB, sRGB, the first timing is the preferred one
  // The chromaticity of sRGB.
  constexpr unsigned char kColours[10] = {0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54};
  for (unsigned i = 0; i < 10; ++i) b.bytes[25 + i] = kColours[i];
  b.bytes[35] = 0x21;  // 640x480, 800x600 at 60 Hz
  b.bytes[36] = 0x08;  // 1024x768 at 60 Hz
  constexpr unsigned char k16by10 = 0, k4by3 = 1, k5by4 = 2, k16by9 = 3;
  put_standard(b, 0, 1920, k16by10);
  put_standard(b, 1, 1920, k16by9);
  put_standard(b, 2, 1680, k16by10);
  put_standard(b, 3, 1600, k4by3);
  put_standard(b, 4, 1280, k5by4);
  put_standard(b, 5, 1280, k16by10);
  put_standard(b, 6, 1280, k16by9);
  put_standard(b, 7, 800, k4by3);
  put_timing(b, 54, k1024x768);
  put_timing(b, 72, k1920x1200);
  put_text(b, 90, 0xfc, "paemu");
  b.bytes[108 + 3] = 0xfd;  // range limits (3.10.3.5): 50 to 75 Hz, 15 to 90 kHz, 170 MHz
  constexpr unsigned char kLimits[] = {50, 75, 15, 90, 17, 0, '\n', ' ', ' ', ' ', ' ', ' ', ' '};
  for (unsigned i = 0; i < sizeof kLimits; ++i) b.bytes[108 + 5 + i] = kLimits[i];
  unsigned sum = 0;
  for (unsigned i = 0; i + 1 < kSize; ++i) sum += b.bytes[i];
  b.bytes[kSize - 1] = static_cast<unsigned char>(0u - sum);
  return b;
}

}  // namespace abi::edid
