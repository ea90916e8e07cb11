// The SSDT of the memory slots: one PNP0C80 device a slot, made from the pattern that iasl compiled from
// firmware/acpi/slots.asl.
#pragma once

#include <vector>

#include "base/types.hpp"

namespace paemu {
using namespace base;

// slots: 1 to abi::memory_hotplug::kMaxSlots. A whole table with its header; the checksum is left 0.
std::vector<u8> slots_ssdt(u32 slots);

}  // namespace paemu
