// The bits of the device status (Virtual I/O Device 1.1, 2.1).
#pragma once

#include "base/types.hpp"

namespace paemu::virtio_status {
using namespace base;

inline constexpr u8 kAcknowledge = 0x01, kDriver = 0x02, kDriverOk = 0x04, kFeaturesOk = 0x08, kNeedsReset = 0x40,
                    kFailed = 0x80;

}  // namespace paemu::virtio_status
