// tmpfs: files whose only place is the page cache. The root file system, /dev and POSIX shared memory are tmpfs.
#pragma once

#include "fs/inode.hpp"

namespace ido::fs {

// The root directory of a new, empty file system. `options`: the words of mount -o (tmpfs(5)). Errno::kInval.
Or<Ref<Inode>> make_tmpfs(StringView options = {});

// A file of that kind without a name, for memfd_create.
Or<Ref<Inode>> make_nameless_file(StringView name);

}  // namespace ido::fs
