// The structure of PCI Interrupt Routing Table Specification 1.0: which PIRQ a device's pins are wired to.
#include "bios/pir_table.hpp"

#include "bios/layout.hpp"
#include "bios/pci.hpp"
#include "bios/pci_config.hpp"
#include "bios/strings.hpp"
#include "bios/table_area.hpp"

namespace firmware {

namespace {

constexpr u32 kPins = 4;

struct [[gnu::packed]] Slot {
  u8 bus;
  u8 device;  // its number in bits 3 to 7
  struct [[gnu::packed]] {
    u8 link;    // the PIIX3's register of the line
    u16 lines;  // IRQs that it can be routed to
  } pins[kPins];
  u8 number;  // of a slot; 0: on the board
  u8 reserved;
};
static_assert(sizeof(Slot) == 16);

struct [[gnu::packed]] Header {
  char signature[4] = {'$', 'P', 'I', 'R'};
  u16 version = 0x0100;
  u16 size = 0;
  u8 router_bus = 0;
  u8 router = 1 << 3;  // device and function: the PIIX3
  u16 exclusive = 0;   // IRQs that are PCI's alone
  u32 compatible = kPiix3;
  u32 miniport = 0;
  u8 reserved[11] = {};
  u8 checksum = 0;
};
static_assert(sizeof(Header) == 32);

}  // namespace

void install_pir_table() {
  constexpr u32 kSouthBridge = 1;  // its functions, and the host bridge's, have no pins that are wired
  u32 devices = 0, count = 0;      // a bit each
  each_pci_function([&](u16 function) {
    const u32 device = function >> 3 & 31;
    if (device <= kSouthBridge || (devices & 1u << device) != 0) return false;
    devices |= 1u << device;
    ++count;
    return false;
  });

  Header header;
  header.size = static_cast<u16>(sizeof(Header) + sizeof(Slot) * count);
  header.exclusive = kPirqLines;
  const u32 start = take_table_area(header.size, 16);
  if (start == 0) return;
  memcpy(at<u8>(start), &header, sizeof(header));
  Slot* slot = at<Slot>(start + static_cast<u32>(sizeof(Header)));
  for (u32 device = 0; device < 32; ++device) {
    if ((devices & 1u << device) == 0) continue;
    slot->device = static_cast<u8>(device << 3);
    for (u32 pin = 0; pin < kPins; ++pin)
      slot->pins[pin] = {static_cast<u8>(kPirqRoutes + pirq_of(device, pin)), kPirqLines};
    ++slot;
  }
  at<Header>(start)->checksum = checksum(at<u8>(start), header.size);
}

}  // namespace firmware
