// The words of the file-system ABI that all of fs shares: modes, open flags, poll bits, what stat tells.
#pragma once

#include "base/types.hpp"

namespace ido::fs {
using namespace base;

// File types and permissions as in st_mode (Linux asm-generic/stat.h).
namespace mode {
inline constexpr u32 kType = 0170000, kFifo = 0010000, kCharacter = 0020000, kDirectory = 0040000, kBlock = 0060000,
                     kRegular = 0100000, kSymlink = 0120000, kSocket = 0140000, kPermissions = 07777, kSetUser = 04000,
                     kSetGroup = 02000, kSticky = 01000, kGroupExecute = 010;
}

// Flags of open(2), i386 (asm-generic/fcntl.h).
namespace open_flag {
inline constexpr u32 kAccess = 3, kReadOnly = 0, kWriteOnly = 1, kReadWrite = 2, kCreate = 0100, kExclusive = 0200,
                     kNoControllingTty = 0400, kTruncate = 01000, kAppend = 02000, kNonBlock = 04000, kDirect = 040000,
                     kLargeFile = 0100000, kDirectory = 0200000, kNoFollow = 0400000, kNoAccessTime = 01000000,
                     kCloseOnExec = 02000000, kPath = 010000000, kTemporary = 020000000;
}

// What access(2) and permission checks ask for: the bits of one class of st_mode.
namespace want {
inline constexpr u32 kExecute = 1, kWrite = 2, kRead = 4;
}

// Bits of poll(2) and epoll(7).
namespace poll_bit {
inline constexpr u32 kIn = 1, kPriority = 2, kOut = 4, kError = 8, kHangUp = 16, kInvalid = 32, kReadHangUp = 0x2000;
}

struct Time {
  i64 seconds = 0;
  u32 nanoseconds = 0;
};

// What stat(2) tells, before it is put into one of its many shapes.
struct Status {
  u32 device = 0;  // of the file system: major << 8 | minor
  u64 inode = 0;
  u32 mode = 0;
  u32 links = 1;
  u32 user = 0, group = 0;
  u32 special_device = 0;  // major << 8 | minor
  u64 size = 0;            // bytes
  u64 blocks = 0;          // of 512 bytes that it takes
  Time access, modify, change;
};

struct FileSystemStatus {
  u32 magic = 0;
  u64 total_pages = 0, free_pages = 0;
  u64 total_files = 0, free_files = 0;
};

constexpr u32 device_number(u32 major, u32 minor) { return major << 8 | minor; }

// A device number for a file system that lies on no device (major 0). Never 0.
u32 new_device();

// The time of day, for file times.
Time now();

}  // namespace ido::fs
