// What the BIOS says and keeps: int 10h AH=12h, 1Ah, 1Bh and 1Ch.
#pragma once

#include "vgabios/machine.hpp"

namespace vgabios {

void alternate_select(Registers& r);
void display_combination(Registers& r);
void state_information(Registers& r);
void save_state(Registers& r);
// Bytes of the parts that `parts` names: 1 registers, 2 BIOS data area, 4 palette.
u16 state_size(u16 parts);
void save_parts(u16 parts, Far to);
void restore_parts(u16 parts, Far from);

}  // namespace vgabios
