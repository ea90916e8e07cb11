// The VGA's registers by index.
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

inline constexpr u16 kSequencer = 0x3c4, kGraphics = 0x3ce, kAttribute = 0x3c0, kPelMask = 0x3c6, kPelRead = 0x3c7,
                     kPelWrite = 0x3c8, kPelData = 0x3c9, kMiscRead = 0x3cc, kMiscWrite = 0x3c2;

inline u16 crtc_port() { return get16(bda::kCrtcPort); }
inline u16 status_port() { return static_cast<u16>(crtc_port() + 6); }

inline void write_index(u16 port, u8 index, u8 value) { out16(port, static_cast<u16>(index | value << 8)); }
inline u8 read_index(u16 port, u8 index) {
  out8(port, index);
  return in8(static_cast<u16>(port + 1));
}
inline void write_crtc(u8 index, u8 value) { write_index(crtc_port(), index, value); }
inline u8 read_crtc(u8 index) { return read_index(crtc_port(), index); }

// Leave the display switched on (bit 5 of the address).
inline constexpr u8 kDisplayOn = 0x20;
inline void write_attribute(u8 index, u8 value) {
  (void)in8(status_port());
  out8(kAttribute, index);
  out8(kAttribute, value);
  out8(kAttribute, kDisplayOn);
}
inline u8 read_attribute(u8 index) {
  (void)in8(status_port());
  out8(kAttribute, index);
  const u8 value = in8(kAttribute + 1);
  (void)in8(status_port());
  out8(kAttribute, kDisplayOn);
  return value;
}

struct Colour {
  u8 red, green, blue;
};
inline void write_colour(u8 index, Colour c) {
  out8(kPelWrite, index);
  out8(kPelData, c.red);
  out8(kPelData, c.green);
  out8(kPelData, c.blue);
}
inline Colour read_colour(u8 index) {
  out8(kPelRead, index);
  Colour c;
  c.red = in8(kPelData);
  c.green = in8(kPelData);
  c.blue = in8(kPelData);
  return c;
}

}  // namespace vgabios
