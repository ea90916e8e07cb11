// Characters in any mode: int 10h AH=06h to 0Ah, 0Eh and 13h.
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

enum class Scroll : u8 { Up, Down };

void scroll_window(Scroll direction, u8 lines, u8 attribute, u8 top, u8 left, u8 bottom, u8 right);
u16 read_character(u8 page);  // attribute in the high byte
// keep_attribute: AH=0Ah in text modes.
void write_characters(u8 page, u8 character, u8 attribute, bool keep_attribute, u16 count);
void teletype(u8 page, u8 character, u8 attribute, bool keep_attribute);
void write_string(Registers& r);

}  // namespace vgabios
