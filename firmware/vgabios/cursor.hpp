// The cursor and the pages: int 10h AH=01h, 02h, 03h and 05h.
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

struct Place {
  u8 column, row;
};

Place cursor_of(u8 page);
void move_cursor(u8 page, Place place);
void shape_cursor(u8 start, u8 end);
void show_page(u8 page);

}  // namespace vgabios
