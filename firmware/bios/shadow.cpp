#include "bios/shadow.hpp"

#include "abi/memory_map.hpp"
#include "bios/pci_config.hpp"
#include "bios/runtime.hpp"

namespace firmware {

void lock_shadow(u32 roms_end) {
  constexpr u16 kHostBridge = 0;
  constexpr u32 kPam0 = 0x59, kSegment = 0x4000;
  constexpr u8 kRom = 0, kReadOnly = 1, kRam = 3;
  const u32 first = static_cast<u32>(abi::memory_map::kOptionRoms);
  pci_write8(kHostBridge, kPam0, kReadOnly << 4);  // 0xf0000 up
  for (u32 base = first; base < kServicesCode; base += 2 * kSegment) {
    auto attributes = [&](u32 segment) -> u8 {
      if (segment == kServicesData) return kRam;
      const bool used = segment < roms_end || segment >= abi::memory_map::kBiosShadow;
      return used ? kReadOnly : kRom;  // where nothing was put nothing answers
    };
    const u8 both = static_cast<u8>(attributes(base) | attributes(base + kSegment) << 4);
    pci_write8(kHostBridge, kPam0 + 1 + (base - first) / (2 * kSegment), both);
  }
}

}  // namespace firmware
