#include "services/pci_service.hpp"

#include "bios/pci_bios.hpp"
#include "services/entry.hpp"

namespace services {

void pci_service(Frame& f) {
  firmware::PciCall call{f.a.e, f.b.e, f.c.e, f.d.e, f.esi, f.edi, false};
  firmware::pci_bios(call, runtime.last_pci_bus);
  f.a.e = call.eax, f.b.e = call.ebx, f.c.e = call.ecx, f.d.e = call.edx;
  f.set_carry(call.carry);
}

}  // namespace services
