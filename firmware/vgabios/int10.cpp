// The two entries of the ROM in C++: initialisation and int 10h.
#include "vgabios/cursor.hpp"
#include "vgabios/fonts.hpp"
#include "vgabios/graphics.hpp"
#include "vgabios/information.hpp"
#include "vgabios/modes.hpp"
#include "vgabios/palette.hpp"
#include "vgabios/parameters.hpp"
#include "vgabios/text.hpp"
#include "vgabios/vbe.hpp"

namespace vgabios {

namespace {

void cursor_position(Registers& r) {
  const Place at = cursor_of(r.bh);
  r.dx = static_cast<u16>(at.column | at.row << 8);
  r.cx = get16(bda::kCursorEnd);
}

void pixel(Registers& r) {
  Mode mode;
  if (!present_mode(mode)) return;
  if (r.ah == 0x0c)
    write_pixel(mode, r.bh, r.cx, r.dx, r.al);
  else
    r.al = read_pixel(mode, r.bh, r.cx, r.dx);
}

// AL tells what the mode left in the memory's place, as the IBM's BIOS does.
void change_mode(Registers& r) {
  const u8 number = r.al & 0x7f;
  set_mode(r.al);
  r.al = number > 7 ? 0x20 : number == 6 ? 0x3f : 0x30;
}

}  // namespace

extern "C" void vga_int10(Registers* frame) {
  Registers& r = *frame;
  switch (r.ah) {
    case 0x00: return change_mode(r);
    case 0x01: return shape_cursor(r.ch, r.cl);
    case 0x02: return move_cursor(r.bh, {r.dl, r.dh});
    case 0x03: return cursor_position(r);
    case 0x04: r.ax = 0; return;  // no light pen
    case 0x05: return show_page(r.al);
    case 0x06: return scroll_window(Scroll::Up, r.al, r.bh, r.ch, r.cl, r.dh, r.dl);
    case 0x07: return scroll_window(Scroll::Down, r.al, r.bh, r.ch, r.cl, r.dh, r.dl);
    case 0x08: r.ax = read_character(r.bh); return;
    case 0x09: return write_characters(r.bh, r.al, r.bl, false, r.cx);
    case 0x0a: return write_characters(r.bh, r.al, r.bl, true, r.cx);
    case 0x0b: return set_cga_palette(r);
    case 0x0c:
    case 0x0d: return pixel(r);
    case 0x0e: return teletype(get8(bda::kPage), r.al, r.bl, true);
    case 0x0f:
      r.al = static_cast<u8>(get8(bda::kMode) | (get8(bda::kInfo) & 0x80));
      r.ah = static_cast<u8>(columns());
      r.bh = get8(bda::kPage);
      return;
    case 0x10: return palette_function(r);
    case 0x11: return font_function(r);
    case 0x12: return alternate_select(r);
    case 0x13: return write_string(r);
    case 0x1a: return display_combination(r);
    case 0x1b: return state_information(r);
    case 0x1c: return save_state(r);
    case 0x4f: return vbe_function(r);
    default: return;
  }
}

extern "C" void vga_initialise(Registers*) {
  set8(bda::kInfo, 0x60);      // 256 KiB, cursor emulation
  set8(bda::kSwitches, 0xf9);  // the EGA's switches for a colour display
  set8(bda::kOptions, 0x11);   // VGA, 400 lines
  set8(bda::kDisplayCode, 8);
  set16(bda::kVbeMode, 0);
  poke16({bda::kSegment, bda::kSavePointer}, offset_of(save_pointers[0]));
  poke16({bda::kSegment, bda::kSavePointer + 2}, code_segment());
  const Far old = vector(0x10);
  set_vector(0x42, old);
  set_vector(0x10, {code_segment(), offset_of(int10_entry)});
  init_fonts();
  set_mode(3);
}

}  // namespace vgabios
