// PCI configuration space by mechanism 1 (PCI 2.1, 3.7.4.1). A function is named as the PCI BIOS does: bus in the high
// byte, device in bits 7-3, function in bits 2-0. No variables, so that the 32-bit PCI BIOS can use it too.
#pragma once

#include "abi/ports.hpp"
#include "base/port_io.hpp"

namespace firmware {
using namespace base;

inline void pci_select(u16 function, u32 offset) {
  out32(abi::port::kPciConfigAddress, 1u << 31 | static_cast<u32>(function) << 8 | (offset & 0xfc));
}
inline u32 pci_read32(u16 function, u32 offset) {
  pci_select(function, offset);
  return in32(abi::port::kPciConfigData);
}
inline u16 pci_read16(u16 function, u32 offset) {
  pci_select(function, offset);
  return in16(abi::port::kPciConfigData + (offset & 2));
}
inline u8 pci_read8(u16 function, u32 offset) {
  pci_select(function, offset);
  return in8(abi::port::kPciConfigData + (offset & 3));
}
inline void pci_write32(u16 function, u32 offset, u32 value) {
  pci_select(function, offset);
  out32(abi::port::kPciConfigData, value);
}
inline void pci_write16(u16 function, u32 offset, u16 value) {
  pci_select(function, offset);
  out16(abi::port::kPciConfigData + (offset & 2), value);
}
inline void pci_write8(u16 function, u32 offset, u8 value) {
  pci_select(function, offset);
  out8(abi::port::kPciConfigData + (offset & 3), value);
}

// Calls visit(function) for each function of bus 0 until one returns true. -> whether one did.
template <class Visit>
[[gnu::always_inline]] inline bool each_pci_function(Visit&& visit) {
  constexpr u8 kMultiFunction = 0x80;
  for (u32 device = 0; device < 32; ++device) {
    for (u32 number = 0; number < 8; ++number) {
      const u16 function = static_cast<u16>(device << 3 | number);
      if (pci_read16(function, 0x00) == 0xffff) {
        if (number == 0) break;
        continue;
      }
      if (visit(function)) return true;
      if (number == 0 && !(pci_read8(function, 0x0e) & kMultiFunction)) break;
    }
  }
  return false;
}

}  // namespace firmware
