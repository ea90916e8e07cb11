// The PCI BIOS (PCI BIOS Specification 2.1, chapter 2), once for INT 1Ah AH=B1h and once for BIOS32. It runs wherever a
// system maps it: no variables, no tables, no strings.
#pragma once

#include "bios/pci_config.hpp"

namespace firmware {

// The caller's registers.
struct PciCall {
  u32 eax, ebx, ecx, edx, esi, edi;
  bool carry;
};

[[gnu::always_inline]] inline void pci_bios(PciCall& c, u32 last_bus) {
  constexpr u8 kOk = 0x00, kUnsupported = 0x81, kBadVendor = 0x83, kNotFound = 0x86, kBadRegister = 0x87;
  const u16 function = static_cast<u16>(c.ebx);
  const u32 offset = c.edi & 0xffff;
  u8 status = kOk;
  const u8 call = static_cast<u8>(c.eax);
  if (call == 0x01) {  // present?
    c.edx = 0x20494350;                                // "PCI "
    c.ebx = (c.ebx & 0xffff0000) | 0x0210;             // version 2.10
    c.ecx = (c.ecx & 0xffffff00) | last_bus;
    c.eax = (c.eax & 0xffffff00) | 0x01;               // mechanism 1
  } else if (call == 0x02 || call == 0x03) {           // find by id, by class; SI: how many to leave out
    u32 left = c.esi & 0xffff;
    const u32 id = (c.ecx << 16) | (c.edx & 0xffff), wanted_class = c.ecx & 0xffffff;
    u16 found = 0;
    const bool any = each_pci_function([&](u16 f) {
      const bool fits = call == 0x02 ? pci_read32(f, 0x00) == id : pci_read32(f, 0x08) >> 8 == wanted_class;
      found = f;
      return fits && left-- == 0;
    });
    if (call == 0x02 && (c.edx & 0xffff) == 0xffff) {
      status = kBadVendor;
    } else if (any) {
      c.ebx = (c.ebx & 0xffff0000) | found;
    } else {
      status = kNotFound;
    }
  } else if (call >= 0x08 && call <= 0x0d) {
    const u32 size = call == 0x08 || call == 0x0b ? 1 : call == 0x09 || call == 0x0c ? 2 : 4;
    if (offset > 0xff || (offset & (size - 1))) {
      status = kBadRegister;
    } else if (call == 0x08) {
      c.ecx = (c.ecx & 0xffffff00) | pci_read8(function, offset);
    } else if (call == 0x09) {
      c.ecx = (c.ecx & 0xffff0000) | pci_read16(function, offset);
    } else if (call == 0x0a) {
      c.ecx = pci_read32(function, offset);
    } else if (call == 0x0b) {
      pci_write8(function, offset, static_cast<u8>(c.ecx));
    } else if (call == 0x0c) {
      pci_write16(function, offset, static_cast<u16>(c.ecx));
    } else {
      pci_write32(function, offset, c.ecx);
    }
  } else {
    status = kUnsupported;
  }
  c.eax = (c.eax & 0xffff00ff) | static_cast<u32>(status) << 8;
  c.carry = status != kOk;
}

}  // namespace firmware
