// Looks for IDE controllers on PCI and for drives on their channels; without any on PCI, at the PC AT's ports.
#include "bios/pci_config.hpp"
#include "services/clock.hpp"
#include "services/disk.hpp"
#include "services/entry.hpp"
#include "services/ide.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

struct Channel {
  u16 command, control;
  u8 pci_device, pci_function, number;
};

constexpr u16 kLegacyCommand[] = {0x1f0, 0x170}, kLegacyControl[] = {0x3f6, 0x376};

// A channel without a drive floats high, or keeps nothing.
bool answers(const Channel& c) {
  if (in8(c.command + ide::kStatus) == 0xff) return false;
  out8(c.command + ide::kDevice, ide::kLba);
  out8(c.command + ide::kCount, 0x55);
  out8(c.command + ide::kLbaLow, 0xaa);
  if (in8(c.command + ide::kCount) == 0x55 && in8(c.command + ide::kLbaLow) == 0xaa) return true;
  out8(c.command + ide::kDevice, ide::kLba | 1 << 4);
  out8(c.command + ide::kCount, 0x55);
  out8(c.command + ide::kLbaLow, 0xaa);
  return in8(c.command + ide::kCount) == 0x55 && in8(c.command + ide::kLbaLow) == 0xaa;
}

void find_unit(const Channel& c, u8 unit) {
  Drive drive{};
  drive.kind = DriveKind::Ata;
  drive.pci_device = c.pci_device, drive.pci_function = c.pci_function;
  drive.channel = c.number, drive.unit = unit;
  drive.command_port = c.command, drive.control_port = c.control;
  if (!ide::select(drive)) return;
  // After a reset a drive shows its signature (9.12): 00 00 for disks, 14 EB for packet devices.
  const u8 status = in8(c.command + ide::kStatus);
  const u8 mid = in8(c.command + ide::kLbaMid), high = in8(c.command + ide::kLbaHigh);
  if (mid == 0x14 && high == 0xeb) {
    drive.kind = DriveKind::Atapi;
    if (runtime.cdrom_count < firmware::kMaxCdroms && atapi_start(drive)) runtime.cdroms[runtime.cdrom_count++] = drive;
    return;
  }
  if (mid != 0 || high != 0 || status == 0) return;
  if (runtime.hard_disk_count < firmware::kMaxHardDisks && ata_start(drive))
    runtime.hard_disks[runtime.hard_disk_count++] = drive;
}

void find_on(const Channel& c) {
  if (!answers(c)) return;
  Drive any{};
  any.command_port = c.command, any.control_port = c.control;
  if (ata_reset(any) != DiskStatus::Ok) return;
  find_unit(c, 0);
  find_unit(c, 1);
}

}  // namespace

void find_ide_drives() {
  constexpr u32 kClass = 0x08, kBaseAddresses = 0x10;
  constexpr u32 kIde = 0x0101;
  bool on_pci = false;
  firmware::each_pci_function([&](u16 f) {
    const u32 what = firmware::pci_read32(f, kClass);
    if (what >> 16 != kIde) return false;
    on_pci = true;
    const u8 interface = static_cast<u8>(what >> 8);
    for (u8 number = 0; number < 2; ++number) {
      Channel c{kLegacyCommand[number], kLegacyControl[number], static_cast<u8>(f >> 3 & 31), static_cast<u8>(f & 7),
                number};
      if (interface & (1u << (2 * number))) {  // native mode: ports by base addresses (PCI IDE Controller Specification)
        c.command = static_cast<u16>(firmware::pci_read16(f, kBaseAddresses + 8u * number) & ~3u);
        c.control = static_cast<u16>((firmware::pci_read16(f, kBaseAddresses + 8u * number + 4) & ~3u) + 2);
      }
      find_on(c);
    }
    return false;
  });
  if (on_pci) return;
  for (u8 number = 0; number < 2; ++number) find_on({kLegacyCommand[number], kLegacyControl[number], 0, 0, number});
}

}  // namespace services
