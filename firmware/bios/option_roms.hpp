// Option ROMs: of PCI functions, and files of fw_cfg; copied to 0xc0000 up and initialised (PCI 2.1, 6.3; PnP BIOS 1.0a).
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

// The video ROM, so that there is a screen early. False: there is none.
bool start_video_rom();
// All others. Their bootstrap entry vectors go to the boot list.
void start_option_roms();

// Where the last one ends.
u32 option_roms_end();

}  // namespace firmware
