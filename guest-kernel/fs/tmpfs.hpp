// tmpfs: files whose only place is the page cache. The root file system, /dev and POSIX shared memory are tmpfs.
#pragma once

#include "fs/inode.hpp"

namespace ido::fs {

// The root directory of a new, empty file system. `options`: the words of mount -o (tmpfs(5)). Errno::kInval.
Or<Ref<Inode>> make_tmpfs(StringView options = {});

// A file of that kind without a name, for memfd_create.
Or<Ref<Inode>> make_nameless_file(StringView name);

// Seals of a file that memfd_create made (fcntl(2), "File Sealing"): what may no longer be done to it.
namespace seal {
inline constexpr u32 kSeal = 1, kShrink = 2, kGrow = 4, kWrite = 8, kFutureWrite = 16, kAll = 31;
}
// Errno::kInval: the file can't be sealed; kPerm: it may not be sealed further, kBusy: it is mapped for writing.
Or<u32> seals_of(const Inode& inode);
Or<> add_seals(Inode& inode, u32 seals);

}  // namespace ido::fs
