// sysfs: /sys/devices/system/memory and /sys/devices/system/node, with the names and words of Linux
// (Documentation/ABI/testing/sysfs-devices-memory, admin-guide/mm/memory-hotplug.rst).
#pragma once

#include "fs/vfs.hpp"

namespace ido::fs {

Or<Ref<Inode>> make_sys();

}  // namespace ido::fs
