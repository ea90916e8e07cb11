// Pixels and characters in graphics modes: int 10h AH=0Ch and 0Dh, and what text.cpp needs there.
#pragma once

#include "vgabios/cursor.hpp"
#include "vgabios/modes.hpp"
#include "vgabios/text.hpp"

namespace vgabios {

void write_pixel(const Mode& mode, u8 page, u16 x, u16 y, u8 colour);  // bit 7: exclusive or
u8 read_pixel(const Mode& mode, u8 page, u16 x, u16 y);

void draw_glyph(const Mode& mode, u8 page, Place at, u8 character, u8 colour);  // bit 7: exclusive or
u8 read_glyph(const Mode& mode, u8 page, Place at);
void scroll_graphics(const Mode& mode, Scroll direction, u8 lines, u8 colour, u8 top, u8 left, u8 bottom, u8 right);

}  // namespace vgabios
