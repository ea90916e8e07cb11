// Colours: int 10h AH=0Bh and AH=10h.
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

void set_cga_palette(Registers& r);
void palette_function(Registers& r);

}  // namespace vgabios
