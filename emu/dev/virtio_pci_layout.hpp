// Where things are in a virtio function: its configuration space and BAR 4. Private to the transport.
#pragma once

#include "base/types.hpp"

namespace paemu::virtio_layout {
using namespace base;

// Capabilities in configuration space.
inline constexpr u8 kCommonAt = 0x40, kIsrAt = 0x50, kDeviceAt = 0x60, kNotifyAt = 0x70, kWindowAt = 0x84,
                    kWindowData = kWindowAt + 16, kMsixAt = 0x98;
inline constexpr u16 kMsixEnable = 0x8000, kMsixMask = 0x4000;

// BAR 4: four parts.
inline constexpr u32 kPart = 0x1000, kCommonOffset = 0, kIsrOffset = 0x1000, kDeviceOffset = 0x2000,
                     kNotifyOffset = 0x3000, kModernSize = 0x4000;
inline constexpr u32 kCommonSize = 56;
inline constexpr u32 kNotifyMultiplier = 4;  // bytes between the queues' notification addresses

// BAR 0: the legacy registers, and behind them the device's configuration.
inline constexpr u32 kLegacySize = 128;

}  // namespace paemu::virtio_layout
