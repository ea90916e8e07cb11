// Power-on state of the legacy chips and the BIOS data area.
#pragma once

namespace firmware {

void init_chipset();
void init_data_areas();

}  // namespace firmware
