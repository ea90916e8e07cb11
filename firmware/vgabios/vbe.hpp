// VBE: modes beyond the VGA's through the Bochs display interface (VESA BIOS Extension Core Functions 3.0).
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

void vbe_function(Registers& r);
// Before a mode of the VGA is set.
void leave_vbe();

}  // namespace vgabios
