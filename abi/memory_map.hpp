// The physical address map of the board. Includes nothing; addresses and sizes in bytes.
#pragma once

namespace abi::memory_map {

using Address = unsigned long long;

inline constexpr Address kConventionalEnd = 0xa0000;  // RAM below: 640 KiB, the EBDA at its top
inline constexpr Address kVgaHole = 0xa0000;          // 0xa0000-0xbffff
inline constexpr Address kOptionRoms = 0xc0000;       // 0xc0000-0xdffff
inline constexpr Address kBiosShadow = 0xe0000;       // 0xe0000-0xfffff: the firmware's last 128 KiB
inline constexpr Address kBiosShadowSize = 0x20000;
inline constexpr Address kExtended = 0x100000;     // RAM from 1 MiB up to kLowRamEnd at most
inline constexpr Address kLowRamEnd = 0xc0000000;  // boot RAM beyond 3 GiB goes on at 4 GiB
inline constexpr Address kPciMemory = 0xc0000000;  // base addresses of PCI functions: up to the I/O APIC
inline constexpr Address kIoApic = 0xfec00000;
inline constexpr Address kHpet = 0xfed00000;
inline constexpr Address kLocalApic = 0xfee00000;
inline constexpr Address kFirmwareEnd = 0x100000000;  // the firmware image ends here, reset vector at its last 16 bytes
inline constexpr Address kHighRam = 0x100000000;      // boot RAM above 4 GiB
inline constexpr Address kHotplugAlignment =
    0x40000000;  // the hotplug window starts at the next 1 GiB after boot RAM, never below 4 GiB
inline constexpr Address kDimmAlignment = 0x8000000;  // DIMM bases and sizes: multiples of 128 MiB (a memory section)

}  // namespace abi::memory_map
