// int 10h AH=10h, and the palettes that modes start with.
#include "vgabios/palette.hpp"

#include "vgabios/modes.hpp"
#include "vgabios/registers.hpp"

namespace vgabios {

namespace {

// Two bits of an EGA colour, primary and secondary, as two and one thirds of full.
constexpr u8 third(u8 primary, u8 secondary) { return static_cast<u8>((primary ? 0x2a : 0) + (secondary ? 0x15 : 0)); }

Colour ega_colour(u8 i) { return {third(i & 4, i & 0x20), third(i & 2, i & 0x10), third(i & 1, i & 0x08)}; }

// The CGA's sixteen, intensity in bit 4; colour 6 is brown, not dark yellow.
Colour cga_colour(u8 i) {
  const u8 more = i & 0x10;
  Colour c{third(i & 4, more), third(i & 2, more), third(i & 1, more)};
  if ((i & 7) == 6 && !more) c.green = 0x15;
  return c;
}

Colour mono_colour(u8 i) {
  const u8 level = i & 0x08 ? (i & 0x10 ? 0x3f : 0x2a) : 0;
  return {level, level, level};
}

ROM_DATA const u8 kGrays[16] = {0x00, 0x05, 0x08, 0x0b, 0x0e, 0x11, 0x14, 0x18,
                                0x1c, 0x20, 0x24, 0x28, 0x2d, 0x32, 0x38, 0x3f};
// Mode 13h: nine wheels of 24 hues; each wheel by its five levels from least to most.
ROM_DATA const u8 kLevels[9][5] = {
    {0x00, 0x10, 0x1f, 0x2f, 0x3f}, {0x1f, 0x27, 0x2f, 0x37, 0x3f}, {0x2d, 0x31, 0x36, 0x3a, 0x3f},
    {0x00, 0x07, 0x0e, 0x15, 0x1c}, {0x0e, 0x11, 0x15, 0x18, 0x1c}, {0x14, 0x16, 0x18, 0x1a, 0x1c},
    {0x00, 0x04, 0x08, 0x0c, 0x10}, {0x08, 0x0a, 0x0c, 0x0e, 0x10}, {0x0b, 0x0c, 0x0d, 0x0f, 0x10},
};

// Blue, magenta, red, yellow, green, cyan and back: in each sixth one component goes from one end to the other.
Colour hue(u8 wheel, u8 position) {
  const u8 sixth = position / 4, step = position % 4;
  const u8 up = rom(kLevels[wheel][step]), down = rom(kLevels[wheel][4 - step]);
  const u8 least = rom(kLevels[wheel][0]), most = rom(kLevels[wheel][4]);
  switch (sixth) {
    case 0: return {up, least, most};
    case 1: return {most, least, down};
    case 2: return {most, up, least};
    case 3: return {down, most, least};
    case 4: return {least, most, up};
    default: return {least, down, most};
  }
}

Colour vga_colour(u8 i) {
  if (i < 16) return cga_colour(static_cast<u8>((i & 7) | (i & 8) << 1));
  if (i < 32) {
    const u8 level = rom(kGrays[i - 16]);
    return {level, level, level};
  }
  if (i >= 248) return {0, 0, 0};
  return hue(static_cast<u8>((i - 32) / 24), static_cast<u8>((i - 32) % 24));
}

}  // namespace

void load_palette(PaletteKind kind) {
  out8(kPelMask, 0xff);
  for (u16 n = 0; n < 256; ++n) {
    const u8 i = static_cast<u8>(n);
    Colour c{0, 0, 0};
    if (kind == kVgaPalette)
      c = vga_colour(i);
    else if (i >= 64)
      ;
    else if (kind == kEgaPalette)
      c = ega_colour(i);
    else
      c = kind == kCgaPalette ? cga_colour(i) : mono_colour(i);
    write_colour(i, c);
  }
}

// 30% red, 59% green, 11% blue.
void sum_to_gray(u8 first, u16 count) {
  for (u16 i = 0; i < count; ++i) {
    const u8 index = static_cast<u8>(first + i);
    const Colour c = read_colour(index);
    u32 gray = (c.red * 77u + c.green * 151u + c.blue * 28u + 0x80) >> 8;
    if (gray > 0x3f) gray = 0x3f;
    const u8 level = static_cast<u8>(gray);
    write_colour(index, {level, level, level});
  }
}

// AH=0Bh: the border, or which of the CGA's palettes mode 4 shows.
void set_cga_palette(Registers& r) {
  u8 select = get8(bda::kCgaPalette);
  if (r.bh == 0) {
    select = static_cast<u8>((select & 0xe0) | (r.bl & 0x1f));
    const u8 border = static_cast<u8>((r.bl & 7) | (r.bl & 8) << 1);
    write_attribute(0x11, border);
    if (get8(bda::kMode) >= 4) write_attribute(0, border);
  } else {
    select = static_cast<u8>((select & 0xdf) | (r.bl & 1) << 5);
  }
  if (get8(bda::kMode) == 4 || get8(bda::kMode) == 5) {
    const u8 intensity = static_cast<u8>(select & 0x10);
    const u8 odd = select >> 5 & 1;
    for (u8 i = 1; i < 4; ++i) write_attribute(i, static_cast<u8>(intensity | (2 * i + odd)));
  }
  set8(bda::kCgaPalette, select);
}

// AH=10h.
void palette_function(Registers& r) {
  switch (r.al) {
    case 0x00: return write_attribute(r.bl & 0x1f, r.bh);
    case 0x01: return write_attribute(0x11, r.bh);
    case 0x02:
      for (u8 i = 0; i < 16; ++i) write_attribute(i, peek8(Far{r.es, r.dx} + i));
      return write_attribute(0x11, peek8(Far{r.es, r.dx} + 16));
    case 0x03: {  // blinking or sixteen backgrounds
      const u8 mode = read_attribute(0x10) & 0xf7;
      write_attribute(0x10, static_cast<u8>(mode | (r.bl & 1) << 3));
      return set8(bda::kModeSelect, static_cast<u8>((get8(bda::kModeSelect) & 0xdf) | (r.bl & 1) << 5));
    }
    case 0x07: r.bh = read_attribute(r.bl & 0x1f); return;
    case 0x08: r.bh = read_attribute(0x11); return;
    case 0x09:
      for (u8 i = 0; i < 16; ++i) poke8(Far{r.es, r.dx} + i, read_attribute(i));
      return poke8(Far{r.es, r.dx} + 16, read_attribute(0x11));
    case 0x10: return write_colour(r.bl, {r.dh, r.ch, r.cl});
    case 0x12:
      for (u16 i = 0; i < r.cx; ++i) {
        const Far at = Far{r.es, r.dx} + 3u * i;
        write_colour(static_cast<u8>(r.bx + i), {peek8(at), peek8(at + 1), peek8(at + 2)});
      }
      return;
    case 0x13: {  // paging of the DAC
      const u8 mode = read_attribute(0x10);
      if (r.bl == 0) return write_attribute(0x10, static_cast<u8>((mode & 0x7f) | (r.bh & 1) << 7));
      return write_attribute(0x14, mode & 0x80 ? r.bh & 0x0f : (r.bh & 3) << 2);
    }
    case 0x15: {
      const Colour c = read_colour(r.bl);
      r.dh = c.red;
      r.ch = c.green;
      r.cl = c.blue;
      return;
    }
    case 0x17:
      for (u16 i = 0; i < r.cx; ++i) {
        const Far at = Far{r.es, r.dx} + 3u * i;
        const Colour c = read_colour(static_cast<u8>(r.bx + i));
        poke8(at, c.red);
        poke8(at + 1, c.green);
        poke8(at + 2, c.blue);
      }
      return;
    case 0x18: return out8(kPelMask, r.bl);
    case 0x19: r.bl = in8(kPelMask); return;
    case 0x1a: {
      const u8 mode = read_attribute(0x10), select = read_attribute(0x14);
      r.bl = mode >> 7;
      r.bh = mode & 0x80 ? select : select >> 2;
      return;
    }
    case 0x1b: return sum_to_gray(r.bl, r.cx);
    default: return;
  }
}

}  // namespace vgabios
