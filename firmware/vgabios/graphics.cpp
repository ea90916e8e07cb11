#include "vgabios/graphics.hpp"

#include "vgabios/registers.hpp"

namespace vgabios {

namespace {

constexpr u8 kXor = 0x80;

// Bytes that a character's row of eight pixels takes.
u8 cell_bytes(Model model) { return model == Model::Chain4 ? 8 : model == Model::Cga4 ? 2 : 1; }

// The byte where a line begins. The CGA keeps odd lines 8 KiB behind the even ones.
u16 line_offset(const Mode& mode, u8 page, u16 y) {
  switch (mode.model) {
    case Model::Cga4:
    case Model::Cga2: return static_cast<u16>((y & 1) * 0x2000 + (y >> 1) * 80);
    case Model::Chain4: return static_cast<u16>(y * 320);
    default: return static_cast<u16>(get16(bda::kPageSize) * page + y * columns());
  }
}

// The graphics controller as it is left: write mode 0, no set/reset, all bits.
void restore_graphics() {
  write_index(kGraphics, 0, 0);
  write_index(kGraphics, 1, 0);
  write_index(kGraphics, 3, 0);
  write_index(kGraphics, 5, 0);
  write_index(kGraphics, 8, 0xff);
}

// The pixels of `bits` get the colour, in all planes.
void paint(Far at, u8 bits, u8 colour, bool exclusive) {
  write_index(kSequencer, 2, 0x0f);
  write_index(kGraphics, 0, colour);
  write_index(kGraphics, 1, 0x0f);
  write_index(kGraphics, 3, exclusive ? 0x18 : 0);
  write_index(kGraphics, 8, bits);
  (void)peek8(at);
  poke8(at, 0);
}

// Eight bits to eight pairs, each twice the same.
u16 twice(u8 bits) {
  u16 pairs = 0;
  for (u8 i = 0; i < 8; ++i) pairs = static_cast<u16>(pairs | (bits >> i & 1) * 3 << (2 * i));
  return pairs;
}

void draw_row(const Mode& mode, Far at, u8 bits, u8 colour) {
  const bool exclusive = colour & kXor;
  switch (mode.model) {
    case Model::Planar:
      if (!exclusive) paint(at, 0xff, 0, false);
      return paint(at, bits, colour & 0x0f, exclusive);
    case Model::Cga2: {
      const u8 row = colour & 1 ? bits : u8{0};
      return poke8(at, exclusive ? static_cast<u8>(peek8(at) ^ row) : row);
    }
    case Model::Cga4: {
      const u16 pairs = static_cast<u16>(twice(bits) & (colour & 3) * 0x5555);
      for (u8 i = 0; i < 2; ++i) {
        const u8 part = static_cast<u8>(i == 0 ? pairs >> 8 : pairs);
        poke8(at + i, exclusive ? static_cast<u8>(peek8(at + i) ^ part) : part);
      }
      return;
    }
    default:
      for (u8 i = 0; i < 8; ++i) poke8(at + i, bits & 0x80 >> i ? colour : u8{0});
  }
}

u8 read_row(const Mode& mode, Far at) {
  switch (mode.model) {
    case Model::Planar: {
      // Read mode 1 with colour 0: the bits that are not background.
      write_index(kGraphics, 5, 0x08);
      write_index(kGraphics, 2, 0);
      write_index(kGraphics, 7, 0x0f);
      const u8 bits = static_cast<u8>(~peek8(at));
      write_index(kGraphics, 5, 0);
      return bits;
    }
    case Model::Cga2: return peek8(at);
    case Model::Cga4: {
      const u16 pairs = static_cast<u16>(peek8(at) << 8 | peek8(at + 1));
      u8 bits = 0;
      for (u8 i = 0; i < 8; ++i) bits = static_cast<u8>(bits | ((pairs >> 2 * i & 3) != 0) << i);
      return bits;
    }
    default: {
      u8 bits = 0;
      for (u8 i = 0; i < 8; ++i) bits = static_cast<u8>(bits | (peek8(at + i) != 0) << (7 - i));
      return bits;
    }
  }
}

// Characters from 128 on have a vector of their own in the CGA's modes.
Far glyph_of(const Mode& mode, u8 character) {
  const bool cga = mode.model == Model::Cga2 || mode.model == Model::Cga4;
  if (cga && character >= 128) return vector(0x1f) + (character - 128u) * 8;
  return vector(0x43) + u32{character} * character_height();
}

Far cell_line(const Mode& mode, u8 page, u8 column, u16 y) {
  return {mode.segment, static_cast<u16>(line_offset(mode, page, y) + column * cell_bytes(mode.model))};
}

}  // namespace

void draw_glyph(const Mode& mode, u8 page, Place at, u8 character, u8 colour) {
  const u16 height = character_height();
  const Far glyph = glyph_of(mode, character);
  for (u16 line = 0; line < height; ++line) {
    draw_row(mode, cell_line(mode, page, at.column, static_cast<u16>(at.row * height + line)), peek8(glyph + line),
             colour);
  }
  if (mode.model == Model::Planar) restore_graphics();
}

u8 read_glyph(const Mode& mode, u8 page, Place at) {
  const u16 height = character_height();
  for (u16 character = 0; character < 256; ++character) {
    const Far glyph = glyph_of(mode, static_cast<u8>(character));
    bool same = true;
    for (u16 line = 0; line < height && same; ++line) {
      const u16 y = static_cast<u16>(at.row * height + line);
      same = read_row(mode, cell_line(mode, page, at.column, y)) == peek8(glyph + line);
    }
    if (same) return static_cast<u8>(character);
  }
  return 0;
}

void scroll_graphics(const Mode& mode, Scroll direction, u8 lines, u8 colour, u8 top, u8 left, u8 bottom, u8 right) {
  const u16 height = character_height();
  const u8 page = get8(bda::kPage);
  const u16 first = static_cast<u16>(top * height), total = static_cast<u16>((bottom - top + 1) * height);
  const u16 moved = static_cast<u16>(lines * height);
  const u16 bytes = static_cast<u16>((right - left + 1) * cell_bytes(mode.model));
  for (u16 i = 0; i < total; ++i) {
    const u16 y = static_cast<u16>(direction == Scroll::Up ? first + i : first + total - 1 - i);
    const Far to = cell_line(mode, page, left, y);
    if (i + moved < total) {
      const Far from = cell_line(mode, page, left, static_cast<u16>(direction == Scroll::Up ? y + moved : y - moved));
      if (mode.model == Model::Planar) {
        write_index(kSequencer, 2, 0x0f);
        write_index(kGraphics, 5, 0x01);  // write mode 1: what was read, all planes at once
      }
      copy_bytes(mode.segment, to.offset, from.offset, bytes);
      if (mode.model == Model::Planar) write_index(kGraphics, 5, 0);
      continue;
    }
    for (u16 b = 0; b < bytes; ++b) {
      switch (mode.model) {
        case Model::Planar: paint(to + b, 0xff, colour & 0x0f, false); break;
        case Model::Cga4: poke8(to + b, static_cast<u8>((colour & 3) * 0x55)); break;
        case Model::Cga2: poke8(to + b, colour & 1 ? 0xff : 0); break;
        default: poke8(to + b, colour);
      }
    }
  }
  if (mode.model == Model::Planar) restore_graphics();
}

void write_pixel(const Mode& mode, u8 page, u16 x, u16 y, u8 colour) {
  const u16 line = line_offset(mode, page, y);
  switch (mode.model) {
    case Model::Text: return;
    case Model::Planar:
      paint({mode.segment, static_cast<u16>(line + x / 8)}, static_cast<u8>(0x80 >> x % 8), colour & 0x0f,
            colour & kXor);
      return restore_graphics();
    case Model::Chain4: return poke8({mode.segment, static_cast<u16>(line + x)}, colour);
    default: break;
  }
  const u8 width = mode.model == Model::Cga4 ? 2 : 1, each = mode.model == Model::Cga4 ? 4 : 8;
  const Far at{mode.segment, static_cast<u16>(line + x / each)};
  const u8 shift = static_cast<u8>((each - 1 - x % each) * width), mask = static_cast<u8>((1 << width) - 1);
  const u8 old = peek8(at), bits = static_cast<u8>((colour & mask) << shift);
  poke8(at, colour & kXor ? static_cast<u8>(old ^ bits) : static_cast<u8>((old & ~(mask << shift)) | bits));
}

u8 read_pixel(const Mode& mode, u8 page, u16 x, u16 y) {
  const u16 line = line_offset(mode, page, y);
  switch (mode.model) {
    case Model::Text: return 0;
    case Model::Planar: {
      u8 colour = 0;
      for (u8 plane = 0; plane < 4; ++plane) {
        write_index(kGraphics, 4, plane);
        const u8 bits = peek8({mode.segment, static_cast<u16>(line + x / 8)});
        colour = static_cast<u8>(colour | (bits >> (7 - x % 8) & 1) << plane);
      }
      write_index(kGraphics, 4, 0);
      return colour;
    }
    case Model::Chain4: return peek8({mode.segment, static_cast<u16>(line + x)});
    case Model::Cga4: return peek8({mode.segment, static_cast<u16>(line + x / 4)}) >> (3 - x % 4) * 2 & 3;
    default: return peek8({mode.segment, static_cast<u16>(line + x / 8)}) >> (7 - x % 8) & 1;
  }
}

}  // namespace vgabios
