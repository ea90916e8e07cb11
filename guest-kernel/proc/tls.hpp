// Thread-local storage segments: set_thread_area(2) and CLONE_SETTLS.
#pragma once

#include "lib/errno.hpp"

namespace ido {

struct Task;

// Makes the GDT entry that struct user_desc at `description` (user address) describes; entry -1 picks a free one and is
// written back. Errno::kInval, kSrch (none free), kFault.
Or<> set_thread_area(Task& task, u32 description);

}  // namespace ido
