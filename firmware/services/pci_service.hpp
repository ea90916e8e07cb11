// INT 1Ah, AH=B1h: the PCI BIOS.
#pragma once

#include "services/frame.hpp"

namespace services {

void pci_service(Frame& f);

}  // namespace services
