// tmpfs: files whose only place is the page cache. The root file system, /dev and POSIX shared memory are tmpfs.
#pragma once

#include "fs/vfs.hpp"
#include "mm/backing.hpp"

namespace ido::fs {

// The root directory of a new, empty file system.
Or<Ref<Inode>> make_tmpfs();

}  // namespace ido::fs
