#include "vgabios/cursor.hpp"

#include "vgabios/modes.hpp"
#include "vgabios/registers.hpp"

namespace vgabios {

namespace {

void write_crtc_word(u8 high_index, u16 value) {
  write_crtc(high_index, static_cast<u8>(value >> 8));
  write_crtc(static_cast<u8>(high_index + 1), static_cast<u8>(value));
}

bool is_text() {
  Mode mode;
  return present_mode(mode) && mode.model == Model::Text;
}

}  // namespace

Place cursor_of(u8 page) {
  const u16 place = get16(static_cast<u16>(bda::kCursors + 2 * (page & 7)));
  return {static_cast<u8>(place), static_cast<u8>(place >> 8)};
}

void move_cursor(u8 page, Place place) {
  if (page > 7) return;
  set16(static_cast<u16>(bda::kCursors + 2 * page), static_cast<u16>(place.column | place.row << 8));
  if (page != get8(bda::kPage) || !is_text()) return;
  const u16 start = static_cast<u16>(get16(bda::kPageSize) * page / 2);
  write_crtc_word(0x0e, static_cast<u16>(start + place.row * columns() + place.column));
}

// Programs speak of a cell of 8 lines, as the CGA had; unless they turned that off (40:87, bit 0), it is stretched to
// the cell that there is. (IBM VGA, "cursor emulation".)
void shape_cursor(u8 start, u8 end) {
  set8(bda::kCursorStart, start);
  set8(bda::kCursorEnd, end);
  const u8 off = start & 0x60;
  u8 first = start & 0x1f, last = end & 0x1f;
  const u8 height = static_cast<u8>(character_height());
  if (height > 8 && !(get8(bda::kInfo) & 1) && first <= last && last < 8 && off == 0) {
    if (last - first <= 1 && last >= 6) {  // an underline
      first = static_cast<u8>(height - 2 - (last - first));
      last = static_cast<u8>(height - 2);
    } else {
      first = static_cast<u8>(first * height / 8);
      last = static_cast<u8>((last + 1) * height / 8 - 1);
    }
  }
  write_crtc(0x0a, static_cast<u8>(off | first));
  write_crtc(0x0b, last);
}

void show_page(u8 page) {
  Mode mode;
  if (!present_mode(mode) || page >= mode.pages) return;
  const u16 start = static_cast<u16>(get16(bda::kPageSize) * page);
  set8(bda::kPage, page);
  set16(bda::kPageStart, start);
  // Text and the CGA's modes count words or are alone; planar modes count bytes.
  write_crtc_word(0x0c, mode.model == Model::Planar ? start : static_cast<u16>(start / 2));
  move_cursor(page, cursor_of(page));
}

}  // namespace vgabios
