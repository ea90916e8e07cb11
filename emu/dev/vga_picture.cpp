// What the screen shows: the CRTC's walk through memory, the serializers, the attribute controller and the DAC.
//
// Each line is made as the hardware makes it: a character clock at a time, from the four bytes that the address counter
// finds. So all modes that the registers can describe come out, not only the BIOS's.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bits.hpp"
#include "dev/vga.hpp"
#include "dev/vga_timing.hpp"

namespace paemu {

using namespace vga;

namespace {

// Blinking follows the vertical retrace: the cursor changes every 8 frames, characters every 16. Frames are counted as
// 70 a second, whatever the mode.
constexpr u64 kFrameNs = 14'285'714;
constexpr u32 kCursorFrames = 8, kBlinkFrames = 16;

struct Blinking {
  explicit Blinking(u64 now_ns) {
    const u64 frame = now_ns / kFrameNs;
    cursor_on = frame / kCursorFrames % 2 == 0;
    on = frame / kBlinkFrames % 2 == 0;
  }
  bool cursor_on, on;
};

class Scan {
 public:
  Scan(const VgaState& s, const u8* memory, Blinking blinking)
      : s_(s), memory_(memory), timing_(s), blinking_(blinking) {
    text_ = !(s.graphics[kGraphicsMisc] & kGraphics);
    dots_ = text_ ? timing_.dots : 8;
    // A picture's pixels are as wide as they are on a monitor: half the dot clock makes them twice that.
    repeat_ = s.sequencer[kClockingMode] & kHalfDotClock ? 2 : 1;
    for (u32 i = 0; i < 256; ++i) colours_[i] = colour(static_cast<u8>(i));
    for (u8 i = 0; i < 16; ++i) attributes_[i] = palette_index(i);
  }

  void draw(Picture& out) {
    if (timing_.characters == 0) return out.resize(640, 480);
    out.resize(timing_.characters * dots_ * repeat_, timing_.lines);
    if (!(s_.attribute_index & kPaletteOn) || (s_.sequencer[kClockingMode] & kScreenOff)) return;
    u32 row_address = u32{s_.crtc[kStartHigh]} << 8 | s_.crtc[kStartLow];
    u32 byte_pan = s_.crtc[kPresetRowScan] >> 5 & 3;
    u32 pan = panning();
    u32 row = s_.crtc[kPresetRowScan] & 0x1f;
    const u32 scans = s_.crtc[kMaximumScanLine] & kDoubleScan ? 2 : 1;
    u32 scan = 0;
    for (u32 y = 0; y < out.height; ++y) {
      draw_line(row_address + byte_pan, row, pan, out.row(y));
      if (++scan == scans) {
        scan = 0;
        if (row == timing_.row_scan_lines - 1) {
          row = 0;
          row_address += s_.crtc[kOffset] * 2;
        } else {
          row = (row + 1) & 0x1f;
        }
      }
      if (y == timing_.line_compare) {
        // The lower half of a split screen begins at address 0.
        row_address = row = scan = 0;
        if (s_.attribute[kAttributeMode] & kPanCompatible) pan = byte_pan = 0;
      }
    }
  }

  // The same colours for a linear mode of 8 bits.
  const u32* colours() const { return colours_; }

 private:
  u32 colour(u8 index) const {
    const u8* entry = s_.palette[index & s_.pel_mask];
    u32 rgb = 0;
    const bool wide = (s_.dispi[dispi::kEnable] & dispi::kDac8) != 0;
    for (u32 i = 0; i < 3; ++i) rgb = rgb << 8 | (wide ? entry[i] : (entry[i] << 2 | entry[i] >> 4) & 0xff);
    return rgb;
  }

  // Palette Registers and Color Select: from 4 bits to the DAC's 8.
  u8 palette_index(u8 attribute) const {
    const u8 entry = s_.attribute[attribute & s_.attribute[kPlaneEnable] & 0x0f], select = s_.attribute[kColourSelect];
    if (s_.attribute[kAttributeMode] & kColourSelect54) {
      return static_cast<u8>((entry & 0x0f) | (select & 0x0f) << 4);
    }
    return static_cast<u8>((entry & 0x3f) | (select & 0x0c) << 4);
  }

  // Dots that the picture is moved to the left.
  u32 panning() const {
    const u32 pan = s_.attribute[kPelPanning];
    if (text_ && dots_ == 9) return pan >= 8 ? 0 : pan + 1;
    return pan & 7;
  }

  // Where the address counter's value leads: byte, word or doubleword mode, and the CGA's and Hercules' interleaving.
  u32 plane_address(u32 counter, u32 row) const {
    const u8 mode = s_.crtc[kModeControl];
    u32 address = counter;
    if (s_.crtc[kUnderline] & kDoubleWord)
      address = counter << 2 | (counter >> 14 & 3);
    else if (!(mode & kByteMode))
      address = counter << 1 | (counter >> (mode & kWrap15 ? 15 : 13) & 1);
    if (!(mode & kNoCms0)) address = (address & ~0x2000u) | (row & 1) << 13;
    if (!(mode & kNoCms1)) address = (address & ~0x4000u) | (row >> 1 & 1) << 14;
    return address & 0xffff;
  }

  u32 fetch(u32 counter, u32 row) const {
    u32 planes;
    std::memcpy(&planes, memory_ + 4 * plane_address(counter, row), 4);
    return planes;
  }

  void draw_line(u32 address, u32 row, u32 pan, u32* out) {
    u32 dots[9];
    const u32 width = timing_.characters * dots_;
    const bool plain = pan == 0 && repeat_ == 1;
    const u32 divide = s_.crtc[kUnderline] & kCountBy4 ? 4 : s_.crtc[kModeControl] & kCountBy2 ? 2 : 1;
    // One more character, so that panning finds something to move in.
    for (u32 i = 0, x = 0; i < timing_.characters + (plain ? 0 : 1); ++i) {
      const u32 counter = (address + i / divide) & 0xffff;
      if (text_)
        text_dots(fetch(counter, row), counter, row, dots);
      else
        graphics_dots(fetch(counter, row), dots);
      if (plain) {
        std::memcpy(out + i * dots_, dots, dots_ * sizeof(u32));
        continue;
      }
      for (u32 d = 0; d < dots_; ++d, ++x) {
        if (x < pan || x - pan >= width) continue;
        for (u32 r = 0; r < repeat_; ++r) out[(x - pan) * repeat_ + r] = dots[d];
      }
    }
  }

  // --- Text. Plane 0 has the character, plane 1 its attribute, plane 2 the fonts.
  void text_dots(u32 planes, u32 counter, u32 row, u32* out) const {
    const u8 character = static_cast<u8>(planes), attribute = static_cast<u8>(planes >> 8);
    const bool blinks = (s_.attribute[kAttributeMode] & kBlink) != 0;
    u8 fore = attribute & 0x0f, back = attribute >> 4;
    if (blinks) {
      back &= 7;
      if ((attribute & 0x80) && !blinking_.on) fore = back;
    }
    const u8 bits = memory_[4 * (font(attribute) + character * 32u + row) + 2];
    const bool solid = (row == (s_.crtc[kUnderline] & 0x1fu) && (attribute & 7) == 1) ||
                       (counter == cursor() && blinking_.cursor_on && in_cursor(row));
    const u32 fore_colour = colours_[attributes_[fore]], back_colour = colours_[attributes_[back]];
    for (u32 d = 0; d < 8; ++d) out[d] = solid || (bits & (0x80u >> d)) ? fore_colour : back_colour;
    // The ninth dot is background, except that box-drawing characters join.
    const bool joins = (s_.attribute[kAttributeMode] & kLineGraphics) && character >= 0xc0 && character <= 0xdf;
    out[8] = solid || (joins && (bits & 1)) ? fore_colour : back_colour;
  }

  // Character Map Select: attribute bit 3 chooses between maps A and B, of 8 KiB each in plane 2.
  u32 font(u8 attribute) const {
    const u8 maps = s_.sequencer[kCharacterMap];
    const u32 map = attribute & 0x08 ? (maps >> 2 & 3) | (maps >> 5 & 1) << 2 : (maps & 3) | (maps >> 4 & 1) << 2;
    return (map & 3) * 0x4000 + (map >> 2) * 0x2000;
  }

  u32 cursor() const {
    const u32 skew = s_.crtc[kCursorEnd] >> 5 & 3;
    return ((u32{s_.crtc[kCursorHigh]} << 8 | s_.crtc[kCursorLow]) + skew) & 0xffff;
  }

  bool in_cursor(u32 row) const {
    constexpr u8 kCursorOff = 0x20;
    if (s_.crtc[kCursorStart] & kCursorOff) return false;
    return row >= (s_.crtc[kCursorStart] & 0x1fu) && row <= (s_.crtc[kCursorEnd] & 0x1fu);
  }

  // --- Graphics. Graphics Mode, bits 5 and 6, say how the four bytes leave their shift registers.
  void graphics_dots(u32 planes, u32* out) const {
    const u8 mode = s_.graphics[kGraphicsMode];
    if (mode & kShift256) {
      for (u32 d = 0; d < 8; ++d) out[d] = colours_[planes >> (8 * (d / 2)) & 0xff];
    } else if (mode & kShiftInterleave) {
      // Two bits a dot: planes 0 and 2 for the first four dots, planes 1 and 3 for the rest.
      for (u32 d = 0; d < 8; ++d) {
        const u32 pair = planes >> (d < 4 ? 0 : 8), at = 6 - 2 * (d & 3);
        out[d] = colours_[attributes_[(pair >> at & 3) | (pair >> 16 >> at & 3) << 2]];
      }
    } else {
      for (u32 d = 0; d < 8; ++d) {
        const u32 at = 7 - d;
        out[d] = colours_[attributes_[(planes >> at & 1) | (planes >> (at + 7) & 2) | (planes >> (at + 14) & 4) |
                                      (planes >> (at + 21) & 8)]];
      }
    }
  }

  const VgaState& s_;
  const u8* memory_;
  VgaTiming timing_;
  Blinking blinking_;
  bool text_;
  u32 dots_, repeat_;
  u32 colours_[256];
  u8 attributes_[16];  // indices of colours_
};

// --- The Bochs interface: pixels that lie one after the other.

u32 expand(u32 value, u32 bits) { return (value << (8 - bits) | value >> (2 * bits - 8)) & 0xff; }

u32 rgb(const u8* at, u16 depth) {
  const u32 low = at[0] | at[1] << 8;
  switch (depth) {
    case 15: return expand(low >> 10 & 31, 5) << 16 | expand(low >> 5 & 31, 5) << 8 | expand(low & 31, 5);
    case 16: return expand(low >> 11, 5) << 16 | expand(low >> 5 & 63, 6) << 8 | expand(low & 31, 5);
    default: return low | static_cast<u32>(at[2]) << 16;
  }
}

u64 stride_of(const u16* d) {
  const u16 depth = d[dispi::kDepth];
  return u64{d[dispi::kVirtualWidth]} * (depth == 4 ? 4 : (depth + 7u) / 8) / (depth == 4 ? 8 : 1);
}

void draw_linear(const VgaState& s, const u8* memory, u64 size, const u32* colours, Picture& out) {
  const u16* d = s.dispi;
  const u16 depth = d[dispi::kDepth];
  out.resize(d[dispi::kWidth], d[dispi::kHeight]);
  const u32 bytes = (depth + 7u) / 8;
  const u64 stride = stride_of(d);
  for (u32 y = 0; y < out.height; ++y) {
    const u64 line = (y + u64{d[dispi::kY]}) * stride;
    u32* const row = out.row(y);
    for (u32 x = 0; x < out.width; ++x) {
      const u64 column = x + u64{d[dispi::kX]};
      if (depth == 4) {
        // Eight pixels in four bytes, one of each plane.
        u32 planes;
        std::memcpy(&planes, memory + ((line + column / 8 * 4) & (size - 1) & ~u64{3}), 4);
        const u32 at = 7 - (column & 7);
        row[x] = colours[s.attribute[(planes >> at & 1) | (planes >> at >> 7 & 2) | (planes >> at >> 14 & 4) |
                                     (planes >> at >> 21 & 8)] & 0x3f];
        continue;
      }
      const u64 at = line + column * bytes;
      if (at + 4 > size) continue;  // a picture that ends beyond the memory: black
      row[x] = depth == 8 ? colours[memory[at]] : rgb(memory + at, depth);
    }
  }
}

}  // namespace

// Windows ask some thirty times a second, mostly for what they have: a hash of the memory that is shown takes a fraction
// of the time that drawing it takes.
u64 Vga::picture_key() const {
  u64 first = 0, end = kPlanes;
  if (state_.dispi_on()) {
    const u64 stride = stride_of(state_.dispi);
    first = state_.dispi[dispi::kY] * stride;
    end = first + (state_.dispi[dispi::kHeight] + u64{1}) * stride;
    if (end > kMemorySize) first = 0, end = kMemorySize;
  }
  const Blinking blinking(clock_.now().value);
  const bool text = !state_.dispi_on() && !(state_.graphics[kGraphicsMisc] & kGraphics);
  const u64 seed = text ? 1 + (blinking.cursor_on ? 1 : 0) + (blinking.on ? 2 : 0) : 0;
  const u64 state = XXH3_64bits_withSeed(&state_, sizeof state_, seed);
  return std::max<u64>(XXH3_64bits_withSeed(memory_.video() + first, end - first, state), 1);
}

void Vga::picture(Picture& out) const {
  const u64 key = picture_key();
  if (std::exchange(out.key, key) == key) return;
  const u8* const memory = memory_.video();
  Scan scan(state_, memory, Blinking(clock_.now().value));
  if (state_.dispi_on()) return draw_linear(state_, memory, kMemorySize, scan.colours(), out);
  scan.draw(out);
}

}  // namespace paemu
