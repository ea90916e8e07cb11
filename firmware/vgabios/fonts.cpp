#include "vgabios/fonts.hpp"

#include "vgabios/modes.hpp"
#include "vgabios/registers.hpp"

extern "C" const base::u8 vga_font_8x8[], vga_font_8x14[], vga_font_8x16[];

namespace vgabios {

namespace {

struct Source {
  Far glyphs;
  u8 height;
};

Source source_of(Font font) {
  const u16 segment = code_segment();
  switch (font) {
    case Font::k8x8: return {{segment, offset_of(vga_font_8x8[0])}, 8};
    case Font::k8x14: return {{segment, offset_of(vga_font_8x14[0])}, 14};
    default: return {{segment, offset_of(vga_font_8x16[0])}, 16};
  }
}

// Which planes the processor writes, and how they lie in memory: sequencer 2 and 4, graphics controller 4 to 6. The
// sequencer stands still meanwhile.
void route_planes(u8 planes, u8 memory_mode, u8 read_plane, u8 graphics_mode, u8 miscellaneous) {
  write_index(kSequencer, 0, 1);
  write_index(kSequencer, 2, planes);
  write_index(kSequencer, 4, memory_mode);
  write_index(kSequencer, 0, 3);
  write_index(kGraphics, 4, read_plane);
  write_index(kGraphics, 5, graphics_mode);
  write_index(kGraphics, 6, miscellaneous);
}

// Plane 2, written byte by byte at 0xa0000; and back to what text modes need.
void open_font_plane() { route_planes(0x04, 0x07, 0x02, 0x00, 0x04); }
void close_font_plane() { route_planes(0x03, 0x03, 0x00, 0x10, in8(kMiscRead) & 1 ? 0x0e : 0x0a); }

void load_glyphs(Source source, u8 block, u16 first, u16 count) {
  const u16 base = static_cast<u16>((block & 3) * 0x4000 + (block & 4) * 0x800);
  open_font_plane();
  for (u16 c = 0; c < count; ++c) {
    const u16 to = static_cast<u16>(base + (first + c) * 32);
    for (u8 line = 0; line < source.height; ++line) {
      poke8({0xa000, static_cast<u16>(to + line)}, peek8(source.glyphs + (u32{c} * source.height + line)));
    }
  }
  close_font_plane();
}

// The rows that fit the screen's lines, with characters of this height (AL=1xh).
void fit_rows(u8 height) {
  write_crtc(0x09, static_cast<u8>((read_crtc(0x09) & 0xe0) | (height - 1)));
  const u8 overflow = read_crtc(0x07);
  const u16 lines = static_cast<u16>((read_crtc(0x12) | (overflow & 2) << 7 | (overflow & 0x40) << 3) + 1);
  const bool twice = read_crtc(0x09) & 0x80;
  const u8 rows = static_cast<u8>((twice ? lines / 2 : lines) / height);
  const u16 last = static_cast<u16>(rows * height * (twice ? 2 : 1) - 1);
  write_crtc(0x12, static_cast<u8>(last));
  write_crtc(0x07, static_cast<u8>((overflow & ~0x42) | (last >> 7 & 2) | (last >> 3 & 0x40)));
  set8(bda::kLastRow, static_cast<u8>(rows - 1));
  set16(bda::kCharacterHeight, height);
  set16(bda::kPageSize, static_cast<u16>((rows * columns() * 2 + 0xff) & ~0xff));
  const u8 bottom = static_cast<u8>(height - 1);
  write_crtc(0x0a, static_cast<u8>(bottom - (height > 8 ? 2 : 1)));
  write_crtc(0x0b, static_cast<u8>(bottom - (height > 8 ? 1 : 0)));
  write_crtc(0x14, bottom);
}

// BL of AL=2xh: 14, 25 or 43 rows, or DL.
void set_graphics_rows(const Registers& r, u8 height) {
  const u8 rows = r.bl == 0 ? r.dl : r.bl == 1 ? 14 : r.bl == 3 ? 43 : 25;
  set8(bda::kLastRow, static_cast<u8>(rows - 1));
  set16(bda::kCharacterHeight, height);
}

void font_information(Registers& r) {
  Far at{0, 0};
  switch (r.bh) {
    case 0: at = vector(0x1f); break;
    case 1: at = vector(0x43); break;
    case 2: at = source_of(Font::k8x14).glyphs; break;
    case 3: at = source_of(Font::k8x8).glyphs; break;
    case 4: at = source_of(Font::k8x8).glyphs + 128 * 8; break;
    case 5: at = source_of(Font::k8x14).glyphs; break;
    case 6: at = source_of(Font::k8x16).glyphs; break;
    case 7: at = source_of(Font::k8x16).glyphs; break;
    default: return;
  }
  r.es = at.segment;
  r.bp = at.offset;
  r.cx = character_height();
  r.dl = last_row();
}

}  // namespace

void load_font(Font font, u8 block) { load_glyphs(source_of(font), block, 0, 256); }

void use_graphics_font(Font font) { set_vector(0x43, source_of(font).glyphs); }

void init_fonts() {
  set_vector(0x1f, source_of(Font::k8x8).glyphs + 128 * 8);
  use_graphics_font(Font::k8x16);
}

void font_function(Registers& r) {
  const bool resize = r.al & 0x10;
  switch (r.al) {
    case 0x00:
    case 0x10:
      load_glyphs({{r.es, r.bp}, r.bh}, r.bl & 7, r.dx, r.cx);
      if (resize && r.bh != 0 && r.bh <= 32) fit_rows(r.bh);
      return;
    case 0x01:
    case 0x11:
      load_font(Font::k8x14, r.bl & 7);
      if (resize) fit_rows(14);
      return;
    case 0x02:
    case 0x12:
      load_font(Font::k8x8, r.bl & 7);
      if (resize) fit_rows(8);
      return;
    case 0x04:
    case 0x14:
      load_font(Font::k8x16, r.bl & 7);
      if (resize) fit_rows(16);
      return;
    case 0x03: return write_index(kSequencer, 3, r.bl);
    case 0x20: return set_vector(0x1f, {r.es, r.bp});
    case 0x21: set_vector(0x43, {r.es, r.bp}); return set_graphics_rows(r, r.cl);
    case 0x22: use_graphics_font(Font::k8x14); return set_graphics_rows(r, 14);
    case 0x23: use_graphics_font(Font::k8x8); return set_graphics_rows(r, 8);
    case 0x24: use_graphics_font(Font::k8x16); return set_graphics_rows(r, 16);
    case 0x30: return font_information(r);
    default: return;
  }
}

}  // namespace vgabios
