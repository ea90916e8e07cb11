// The configuration space of a virtio function: identity and capabilities (4.1.2, 4.1.4; MSI-X: PCI 3.0, 6.8.2.3).
//
// A virtio capability: u8 id 0x09, next, length, type; u8 BAR; u32 offset, length in the BAR at 8 and 12. Notifications
// add a multiplier at 16, the window into BARs four bytes of data.
#include "dev/virtio_pci.hpp"
#include "dev/virtio_pci_layout.hpp"

namespace paemu {

namespace {

using namespace virtio_layout;

constexpr u16 kVendor = 0x1af4, kModernBase = 0x1040, kModernSubsystem = 0x1100;
constexpr u32 kVendorSpecific = 0x09, kMsixId = 0x11;
constexpr u32 kBarMsix = 1, kBarModern = 4;

constexpr u32 kCommon = 1, kNotify = 2, kIsr = 3, kDevice = 4, kWindow = 5;  // types of capabilities

void add_capability(std::vector<PciRegister>& rows, u8 at, u8 next, u8 length, u32 type, u32 offset, u32 size) {
  const bool window = type == kWindow;
  const u32 all = window ? ~0u : 0;
  rows.push_back({at, 4, kVendorSpecific | u32{next} << 8 | u32{length} << 16 | type << 24});
  rows.push_back({static_cast<u8>(at + 4), 4, window ? 0 : kBarModern, window ? 0xffu : 0});
  rows.push_back({static_cast<u8>(at + 8), 4, offset, all});
  rows.push_back({static_cast<u8>(at + 12), 4, size, all});
}

}  // namespace

VirtioPciRegisters::VirtioPciRegisters(const VirtioTraits& traits, VirtioDrivers drivers, u32 vectors) {
  const bool modern = drivers != VirtioDrivers::kLegacyOnly, only = drivers == VirtioDrivers::kModernOnly;
  rows = {
      {0x00, 2, kVendor},
      {0x02, 2, only ? u32{kModernBase} + traits.type : traits.transitional_id},
      {0x04, 2, 0x0000, 0x0407},  // ports, memory, bus master; bit 10: no interrupts by pin
      {0x06, 2, 0x0010},          // there are capabilities
      {0x08, 1, only ? 1u : 0u},
      {0x09, 1, traits.class_code & 0xff},
      {0x0a, 2, traits.class_code >> 8},
      {0x2c, 2, kVendor},
      {0x2e, 2, only ? kModernSubsystem : traits.type},
      {0x34, 1, modern ? kCommonAt : kMsixAt},
      {0x3c, 1, 0x00, 0xff},
      {0x3d, 1, 0x01},  // INTA
      {kMsixAt, 4, kMsixId | (vectors - 1) << 16, u32{kMsixEnable | kMsixMask} << 16},
      {kMsixAt + 4, 4, Msix::kTableOffset | kBarMsix},
      {kMsixAt + 8, 4, Msix::kPendingOffset | kBarMsix},
  };
  if (!modern) return;
  add_capability(rows, kCommonAt, kIsrAt, 16, kCommon, kCommonOffset, kCommonSize);
  add_capability(rows, kIsrAt, kDeviceAt, 16, kIsr, kIsrOffset, kPart);
  add_capability(rows, kDeviceAt, kNotifyAt, 16, kDevice, kDeviceOffset, kPart);
  add_capability(rows, kNotifyAt, kWindowAt, 20, kNotify, kNotifyOffset, kPart);
  rows.push_back({kNotifyAt + 16, 4, kNotifyMultiplier});
  add_capability(rows, kWindowAt, kMsixAt, 20, kWindow, 0, 0);
  rows.push_back({kWindowData, 4, 0, ~0u});
}

// 4.1.4.8: the window shows the bytes [offset, offset + length) of BAR 4. Others, and lengths but 1, 2 and 4, show
// nothing.
bool VirtioPci::through_window(u32& offset, u32& size) const {
  if (drivers_ == VirtioDrivers::kLegacyOnly || config_value(kWindowAt + 4, 1) != kBarModern) return false;
  offset = config_value(kWindowAt + 8, 4);
  size = config_value(kWindowAt + 12, 4);
  return (size == 1 || size == 2 || size == 4) && offset <= kModernSize - size;
}

void VirtioPci::before_config_read(u32 offset, u32 size) {
  u32 at, length;
  if (offset + size <= kWindowData || offset >= kWindowData + 4 || !through_window(at, length)) return;
  set_config_value(kWindowData, 4, static_cast<u32>(modern_read(at, length)));
}

void VirtioPci::on_config_written(u32 offset, u32 size) {
  const auto touches = [&](u32 at, u32 length) { return offset < at + length && offset + size > at; };
  if (touches(pci::kCommand, 2) || touches(kMsixAt + 2, 2)) apply_command();
  u32 at, length;
  if (touches(kWindowData, 4) && through_window(at, length))
    modern_write(at, length, config_value(kWindowData, length));
}

}  // namespace paemu
