// The initramfs: a cpio archive in the "newc" format (Linux
// Documentation/driver-api/early-userspace/buffer-format.rst), unpacked into the root file system at boot.
#pragma once

#include "fs/vfs.hpp"

namespace ido::fs {

// The archive lies in physical memory [start, end). Damage ends the unpacking with Errno::kInval and a line in the log;
// what came before stays.
Or<> unpack_initramfs(u64 start, u64 end);

}  // namespace ido::fs
