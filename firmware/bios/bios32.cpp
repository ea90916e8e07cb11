// BIOS32: the directory's header, and the PCI BIOS for 32-bit systems.
#include "bios/bios32.hpp"

#include "bios/layout.hpp"
#include "bios/pci_bios.hpp"
#include "bios/strings.hpp"
#include "bios/table_area.hpp"

extern "C" {
extern base::u8 bios32_directory[];
void pci_bios_32(firmware::PciCall* call) { firmware::pci_bios(*call, 0); }
}

namespace firmware {

// Standard BIOS 32-bit Service Directory Proposal 0.4, chapter 3.
void install_bios32() {
  struct Header {
    u32 signature, entry;
    u8 revision, length, checksum, reserved[5];
  };
  static_assert(sizeof(Header) == 16);
  constexpr u32 kSignature = 0x5f32335f;  // "_32_"
  const u32 address = take_table_area(sizeof(Header), 16);
  Header& header = *at<Header>(address);
  header = {kSignature, reinterpret_cast<u32>(bios32_directory), 0, 1, 0, {}};
  header.checksum = checksum(&header, sizeof(Header));
}

}  // namespace firmware
