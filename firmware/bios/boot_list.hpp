// What can be booted, and in which order (BIOS Boot Specification 1.01 in spirit; the order by fw_cfg and CMOS as QEMU
// gives it).
#pragma once

#include "bios/runtime.hpp"

namespace firmware {

// A bootstrap entry vector that an option ROM has; before make_boot_list.
void add_boot_rom(u16 segment, u16 offset);

// Fills the runtime's list from the drives that the services found.
void make_boot_list();

// With -boot menu=on: offers the list if Esc is pressed in time, and puts the choice first.
void offer_boot_menu();

}  // namespace firmware
