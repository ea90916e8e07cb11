// The memory hotplug register block at port::kMemoryHotplug, as QEMU documents it (docs/specs/acpi_mem_hotplug).
// Reads and writes see different registers; both act on the slot last written to kSelector. Includes nothing.
#pragma once

namespace abi::memory_hotplug {

inline constexpr unsigned kLength = 0x18;
inline constexpr unsigned kMaxSlots = 256;

// Read side.
inline constexpr unsigned kBaseLow = 0x00;
inline constexpr unsigned kBaseHigh = 0x04;
inline constexpr unsigned kSizeLow = 0x08;
inline constexpr unsigned kSizeHigh = 0x0c;
inline constexpr unsigned kProximity = 0x10;
inline constexpr unsigned kStatus = 0x14;  // 8 bits

inline constexpr unsigned kStatusEnabled = 1u << 0;
inline constexpr unsigned kStatusInserting = 1u << 1;
inline constexpr unsigned kStatusRemoving = 1u << 2;

// Write side.
inline constexpr unsigned kSelector = 0x00;
inline constexpr unsigned kOstEvent = 0x04;
inline constexpr unsigned kOstStatus = 0x08;
inline constexpr unsigned kControl = 0x14;  // 8 bits

inline constexpr unsigned kControlClearInserting = 1u << 1;
inline constexpr unsigned kControlClearRemoving = 1u << 2;
inline constexpr unsigned kControlEject = 1u << 3;

}  // namespace abi::memory_hotplug
