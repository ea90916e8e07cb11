// PCI: finds the functions on bus 0 and gives them what they ask for (PCI 2.1, chapter 6; PCI BIOS leaves it so).
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

// Base addresses, interrupt routes and lines, the chip set's own registers. Functions decode afterwards.
void init_pci();

}  // namespace firmware
