// BIOS32, by which 32-bit systems find the PCI BIOS.
#pragma once

namespace firmware {

// Call before the shadow is locked.
void install_bios32();

}  // namespace firmware
