// PCI: finds the functions on bus 0 and gives them what they ask for (PCI 2.1, chapter 6; PCI BIOS leaves it so).
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

inline constexpr u32 kPiix3 = 0x70008086;    // as configuration space gives it
inline constexpr u32 kPirqRoutes = 0x60;     // its registers PIRQRC A to D
inline constexpr u16 kPirqLines = 3u << 10;  // the IRQs that the lines are routed to
// The line, 0 to 3, that a device's pin, 0 to 3, is wired to: as the DSDT has it.
inline u32 pirq_of(u32 device, u32 pin) { return (device + pin - 1) & 3; }

// Base addresses, interrupt routes and lines, the chip set's own registers. Functions decode afterwards.
void init_pci();

}  // namespace firmware
