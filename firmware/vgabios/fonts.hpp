// The fonts, of 8x8, 8x14 and 8x16, and int 10h AH=11h. Their glyphs come from Debian's console-setup-linux package,
// see tools/vga-fonts.
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

enum class Font : u8 { k8x8, k8x14, k8x16 };

inline Font font_of_height(u8 height) { return height == 8 ? Font::k8x8 : height == 14 ? Font::k8x14 : Font::k8x16; }

// Into block 0 to 7 of plane 2.
void load_font(Font font, u8 block);
// Characters in graphics modes are drawn from it (int 43h).
void use_graphics_font(Font font);
// Vectors 1fh and 43h.
void init_fonts();

void font_function(Registers& r);

}  // namespace vgabios
