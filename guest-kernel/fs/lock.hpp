// Advisory locks of files: flock(2)'s on the whole file, owned by the open file; and fcntl(2)'s on byte ranges, owned
// by the process (its FileTable) or, for open-file-description locks, by the open file. The two kinds do not meet.
#pragma once

#include "fs/file.hpp"

namespace ido::fs {

enum class LockType : u8 { kRead, kWrite, kNone };  // kNone: unlock

struct LockRequest {
  LockType type = LockType::kNone;
  u64 start = 0;
  u64 end = ~u64{0};            // the last byte
  const void* owner = nullptr;  // a FileTable or a File: only compared
  i32 pid = 0;                  // told to F_GETLK; -1: open file description
};

enum class LockKind : u8 { kWhole, kRange };

// Takes, changes or gives up a lock. Errno::kAgain: somebody else's is in the way and `wait` is false; kIntr, kDeadLk,
// kNoMem. Ranges of one owner are split and joined.
Or<> set_lock(Inode& inode, LockKind kind, const LockRequest& request, bool wait);

// A lock of somebody else that would be in the way; false: none.
bool find_lock(Inode& inode, const LockRequest& request, LockRequest& found);

// All of an owner's, both kinds.
void release_locks(Inode& inode, const void* owner);

// Frees the inode's locks: it goes away.
void destroy_locks(Inode& inode);

}  // namespace ido::fs
