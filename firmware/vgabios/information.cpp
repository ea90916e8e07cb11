#include "vgabios/information.hpp"

#include "vgabios/modes.hpp"
#include "vgabios/registers.hpp"

namespace vgabios {

namespace {

constexpr u8 kSupported = 0x12;

void set_option(u8 mask, bool on) {
  const u8 options = get8(bda::kOptions);
  set8(bda::kOptions, static_cast<u8>(on ? options | mask : options & ~mask));
}

// Static functionality (AH=1Bh): modes 0 to 7, 0dh to 13h; 200, 350 and 400 lines; 8 blocks of characters, 2 at a time;
// what else there is: fonts, palettes, cursor emulation, DAC and its paging, state to save, blinking, combination code.
ROM_DATA const u8 kFunctionality[16] = {0xff, 0xe0, 0x0f, 0, 0, 0, 0, 0x07, 0x02, 0x08, 0xef, 0x0c, 0, 0, 0x00, 0};

}  // namespace

void alternate_select(Registers& r) {
  switch (r.bl) {
    case 0x10:  // what the EGA was asked: colour, 256 KiB, the switches
      r.bh = crtc_port() == 0x3b4 ? 1 : 0;
      r.bl = 3;
      r.ch = get8(bda::kSwitches) >> 4;
      r.cl = get8(bda::kSwitches) & 0x0f;
      return;
    case 0x20: return;  // another print screen: the firmware's will do
    case 0x30: {
      if (r.al > 2) return;
      const u8 options = static_cast<u8>(get8(bda::kOptions) & ~0x90);
      set8(bda::kOptions, static_cast<u8>(options | (r.al == 0 ? 0x80 : r.al == 2 ? 0x10 : 0)));
      break;
    }
    case 0x31: set_option(0x08, r.al & 1); break;
    case 0x32: out8(kMiscWrite, static_cast<u8>((in8(kMiscRead) & ~0x02) | (r.al & 1 ? 0 : 0x02))); break;
    case 0x33: set_option(0x02, !(r.al & 1)); break;
    case 0x34: set8(bda::kInfo, static_cast<u8>((get8(bda::kInfo) & ~1) | (r.al & 1))); break;
    case 0x35: return;  // there is no other display to switch to
    case 0x36:
      write_index(kSequencer, 1, static_cast<u8>((read_index(kSequencer, 1) & ~0x20) | (r.al & 1) << 5));
      break;
    default: return;
  }
  r.al = kSupported;
}

void display_combination(Registers& r) {
  constexpr u8 kVgaColour = 0x08;
  if (r.al == 0) {
    r.bl = kVgaColour;
    r.bh = 0;
  } else if (r.al != 1) {
    return;
  }
  r.al = 0x1a;
}

// 64 bytes: a pointer to what the adapter can do, then what it does now.
void state_information(Registers& r) {
  if (r.bx != 0) return;
  const Far to{r.es, r.di};
  poke16(to, offset_of(kFunctionality));
  poke16(to + 2, code_segment());
  for (u16 i = 0; i < 30; ++i) poke8(to + (4 + i), get8(static_cast<u16>(bda::kMode + i)));
  for (u16 i = 0; i < 3; ++i) poke8(to + (0x22 + i), get8(static_cast<u16>(bda::kLastRow + i)));
  poke8(to + 0x22, static_cast<u8>(last_row() + 1));
  poke8(to + 0x25, 0x08);
  poke8(to + 0x26, 0);
  Mode mode;
  u16 colours = 0;
  u8 pages = 1;
  if (present_mode(mode)) {
    pages = mode.pages;
    switch (mode.model) {
      case Model::Text: colours = mode.palette == kMonoPalette ? 0 : 16; break;
      case Model::Cga4: colours = 4; break;
      case Model::Cga2: colours = 2; break;
      case Model::Planar: colours = mode.palette == kMonoPalette || get8(bda::kMode) == 0x11 ? 2 : 16; break;
      default: colours = 256;
    }
  }
  poke16(to + 0x27, colours);
  poke8(to + 0x29, pages);
  const u16 lines = static_cast<u16>((last_row() + 1) * character_height());
  poke8(to + 0x2a, lines <= 200 ? 0 : lines <= 350 ? 1 : lines <= 400 ? 2 : 3);
  const u8 maps = read_index(kSequencer, 3);
  poke8(to + 0x2b, static_cast<u8>((maps & 3) | (maps & 0x10) >> 2));
  poke8(to + 0x2c, static_cast<u8>((maps >> 2 & 3) | (maps & 0x20) >> 3));
  poke8(to + 0x2d, static_cast<u8>((get8(bda::kOptions) & 0x0f) | (read_attribute(0x10) & 0x08) << 2));
  for (u16 i = 0x2e; i < 0x40; ++i) poke8(to + i, 0);
  poke8(to + 0x31, 3);  // 256 KiB
  r.al = 0x1b;
}

// --- Saving and restoring. Registers: indices, sequencer, CRTC, graphics, attribute; the BIOS data area: mode to page,
// rows to options, vectors 1fh and 43h; the palette with its mask.
namespace {

constexpr u16 kRegisterBytes = 0x60, kDataBytes = 0x60, kPaletteBytes = 0x310;
constexpr u8 kCrtcs = 25, kGraphicses = 9, kAttributes = 21;

void save_registers(Far to) {
  const u16 crtc = crtc_port();
  poke8(to, in8(kSequencer));
  poke8(to + 1, in8(crtc));
  poke8(to + 2, in8(kGraphics));
  poke8(to + 3, in8(kMiscRead));
  poke16(to + 4, crtc);
  to = to + 6;
  for (u8 i = 1; i < 5; ++i, to = to + 1) poke8(to, read_index(kSequencer, i));
  for (u8 i = 0; i < kCrtcs; ++i, to = to + 1) poke8(to, read_crtc(i));
  for (u8 i = 0; i < kGraphicses; ++i, to = to + 1) poke8(to, read_index(kGraphics, i));
  for (u8 i = 0; i < kAttributes; ++i, to = to + 1) poke8(to, read_attribute(i));
}

void restore_registers(Far from) {
  const Far indices = from;
  const u16 crtc = peek16(from + 4);
  set16(bda::kCrtcPort, crtc);
  write_index(kSequencer, 0, 1);
  out8(kMiscWrite, peek8(from + 3));
  from = from + 6;
  for (u8 i = 1; i < 5; ++i, from = from + 1) write_index(kSequencer, i, peek8(from));
  write_index(kSequencer, 0, 3);
  write_crtc(0x11, 0);
  for (u8 i = 0; i < kCrtcs; ++i, from = from + 1) write_crtc(i, peek8(from));
  for (u8 i = 0; i < kGraphicses; ++i, from = from + 1) write_index(kGraphics, i, peek8(from));
  for (u8 i = 0; i < kAttributes; ++i, from = from + 1) write_attribute(i, peek8(from));
  out8(kSequencer, peek8(indices));
  out8(crtc, peek8(indices + 1));
  out8(kGraphics, peek8(indices + 2));
}

ROM_DATA const u8 kKept[3][2] = {{bda::kMode, 30}, {bda::kLastRow, 7}, {bda::kSavePointer, 4}};

}  // namespace

u16 state_size(u16 parts) {
  return static_cast<u16>((parts & 1 ? kRegisterBytes : 0) + (parts & 2 ? kDataBytes : 0) +
                          (parts & 4 ? kPaletteBytes : 0));
}

void save_parts(u16 parts, Far to) {
  if (parts & 1) {
    save_registers(to);
    to = to + kRegisterBytes;
  }
  if (parts & 2) {
    Far at = to;
    for (const auto& kept : kKept) {
      for (u16 i = 0; i < rom(kept[1]); ++i, at = at + 1) poke8(at, get8(static_cast<u16>(rom(kept[0]) + i)));
    }
    poke16(at, vector(0x1f).offset);
    poke16(at + 2, vector(0x1f).segment);
    poke16(at + 4, vector(0x43).offset);
    poke16(at + 6, vector(0x43).segment);
    poke16(at + 8, get16(bda::kVbeMode));
    to = to + kDataBytes;
  }
  if (!(parts & 4)) return;
  poke8(to, in8(kPelMask));
  for (u16 i = 0; i < 256; ++i) {
    const Colour c = read_colour(static_cast<u8>(i));
    poke8(to + (1 + 3 * i), c.red);
    poke8(to + (2 + 3 * i), c.green);
    poke8(to + (3 + 3 * i), c.blue);
  }
}

void restore_parts(u16 parts, Far from) {
  if (parts & 1) {
    restore_registers(from);
    from = from + kRegisterBytes;
  }
  if (parts & 2) {
    Far at = from;
    for (const auto& kept : kKept) {
      for (u16 i = 0; i < rom(kept[1]); ++i, at = at + 1) set8(static_cast<u16>(rom(kept[0]) + i), peek8(at));
    }
    set_vector(0x1f, {peek16(at + 2), peek16(at)});
    set_vector(0x43, {peek16(at + 6), peek16(at + 4)});
    set16(bda::kVbeMode, peek16(at + 8));
    from = from + kDataBytes;
  }
  if (!(parts & 4)) return;
  out8(kPelMask, peek8(from));
  for (u16 i = 0; i < 256; ++i) {
    const Far at = from + (1 + 3 * i);
    write_colour(static_cast<u8>(i), {peek8(at), peek8(at + 1), peek8(at + 2)});
  }
}

void save_state(Registers& r) {
  switch (r.al) {
    case 0: r.bx = static_cast<u16>((state_size(r.cx) + 63) / 64); break;
    case 1: save_parts(r.cx, {r.es, r.bx}); break;
    case 2: restore_parts(r.cx, {r.es, r.bx}); break;
    default: return;
  }
  r.al = 0x1c;
}

}  // namespace vgabios
