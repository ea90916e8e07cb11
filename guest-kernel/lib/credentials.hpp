// Credentials: on whose behalf a process acts (credentials(7)). Superuser rights are all or nothing here: the effective
// user 0 has them for system calls, the file-system user 0 for files.
//
// proc keeps one per process and implements current_credentials; file systems and drivers ask through it.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

struct Identity {
  u32 real = 0;
  u32 effective = 0;
  u32 saved = 0;
  u32 file_system = 0;  // follows `effective` unless setfsuid or setfsgid says otherwise
};

struct Credentials {
  static constexpr u32 kMostGroups = 32;
  static constexpr u32 kNoChange = ~0u;  // in set calls: leave as it is

  Identity user, group;
  u32 group_count = 0;
  u32 groups[kMostGroups] = {};  // supplementary

  bool privileged() const { return user.effective == 0; }
  bool owns_all_files() const { return user.file_system == 0; }
  bool in_group(u32 id) const {
    if (id == group.file_system) return true;
    for (u32 i = 0; i < group_count; ++i)
      if (groups[i] == id) return true;
    return false;
  }
};

// The running process's; the superuser's in kernel threads.
const Credentials& current_credentials();

}  // namespace ido
