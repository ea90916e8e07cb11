#include "vgabios/text.hpp"

#include "vgabios/cursor.hpp"
#include "vgabios/graphics.hpp"
#include "vgabios/modes.hpp"

namespace vgabios {

namespace {

constexpr u8 kBell = 7, kBackspace = 8, kLineFeed = 10, kReturn = 13;

Far cell(const Mode& mode, u8 page, Place at) {
  return {mode.segment, static_cast<u16>(get16(bda::kPageSize) * page + (at.row * columns() + at.column) * 2)};
}

void scroll_text(const Mode& mode, Scroll direction, u8 lines, u8 attribute, u8 top, u8 left, u8 bottom, u8 right) {
  const u8 page = get8(bda::kPage);
  const u16 blank = static_cast<u16>(attribute << 8 | ' ');
  const u8 height = static_cast<u8>(bottom - top + 1), width = static_cast<u8>(right - left + 1);
  for (u8 i = 0; i < height; ++i) {
    const u8 row = static_cast<u8>(direction == Scroll::Up ? top + i : bottom - i);
    const Far to = cell(mode, page, {left, row});
    if (i + lines < height) {
      const Far from = cell(mode, page, {left, static_cast<u8>(direction == Scroll::Up ? row + lines : row - lines)});
      copy_bytes(mode.segment, to.offset, from.offset, static_cast<u16>(width * 2));
    } else {
      fill16(to, blank, width);
    }
  }
}

// One past the last column begins the next row; the next row of the last scrolls.
void advance_line(u8 page, Place& at, const Mode& mode) {
  if (at.row < last_row()) {
    ++at.row;
    return;
  }
  // What is scrolled in looks like the cursor's place.
  const u8 attribute = mode.model == Model::Text ? peek8(cell(mode, page, cursor_of(page)) + 1) : u8{0};
  scroll_window(Scroll::Up, 1, attribute, 0, 0, last_row(), static_cast<u8>(columns() - 1));
}

}  // namespace

void copy_bytes(u16 segment, u16 to, u16 from, u16 bytes) {
  u32 count = bytes, source = from, target = to;
  asm volatile("pushw %%ds\n\tpushw %%es\n\tmovw %w3, %%ds\n\tmovw %w3, %%es\n\trep movsb\n\tpopw %%es\n\tpopw %%ds"
               : "+c"(count), "+S"(source), "+D"(target)
               : "r"(segment)
               : "memory");
}

// lines 0: the whole window.
void scroll_window(Scroll direction, u8 lines, u8 attribute, u8 top, u8 left, u8 bottom, u8 right) {
  Mode mode;
  if (!present_mode(mode)) return;
  if (bottom > last_row()) bottom = last_row();
  if (right >= columns()) right = static_cast<u8>(columns() - 1);
  if (top > bottom || left > right) return;
  if (lines == 0 || lines > bottom - top) lines = static_cast<u8>(bottom - top + 1);
  if (mode.model == Model::Text)
    scroll_text(mode, direction, lines, attribute, top, left, bottom, right);
  else
    scroll_graphics(mode, direction, lines, attribute, top, left, bottom, right);
}

u16 read_character(u8 page) {
  Mode mode;
  if (!present_mode(mode)) return 0;
  const Place at = cursor_of(page);
  if (mode.model == Model::Text) return peek16(cell(mode, page, at));
  return read_glyph(mode, page, at);
}

void write_characters(u8 page, u8 character, u8 attribute, bool keep_attribute, u16 count) {
  Mode mode;
  if (!present_mode(mode)) return;
  Place at = cursor_of(page);
  for (; count != 0; --count) {
    if (mode.model != Model::Text) {
      draw_glyph(mode, page, at, character, attribute);
      if (at.column + 1 == columns()) return;  // graphics modes stop at the end of the row
    } else {
      const Far to = cell(mode, page, at);
      poke8(to, character);
      if (!keep_attribute) poke8(to + 1, attribute);
    }
    if (++at.column == columns()) {
      at.column = 0;
      ++at.row;
    }
  }
}

void teletype(u8 page, u8 character, u8 attribute, bool keep_attribute) {
  Mode mode;
  if (!present_mode(mode)) return;
  Place at = cursor_of(page);
  switch (character) {
    case kBell: return;
    case kBackspace:
      if (at.column != 0) --at.column;
      break;
    case kReturn: at.column = 0; break;
    case kLineFeed: advance_line(page, at, mode); break;
    default:
      write_characters(page, character, attribute, keep_attribute, 1);
      if (++at.column >= columns()) {
        at.column = 0;
        advance_line(page, at, mode);
      }
  }
  move_cursor(page, at);
}

// AL bit 0: move the cursor; bit 1: attributes stand between the characters.
void write_string(Registers& r) {
  const u8 page = r.bh;
  const Place before = cursor_of(page);
  move_cursor(page, {r.dl, r.dh});
  Far from{r.es, r.bp};
  for (u16 count = r.cx; count != 0; --count) {
    const u8 character = peek8(from);
    from = from + 1;
    u8 attribute = r.bl;
    if (r.al & 2) {
      attribute = peek8(from);
      from = from + 1;
    }
    teletype(page, character, attribute, false);
  }
  if (!(r.al & 1)) move_cursor(page, before);
}

}  // namespace vgabios
