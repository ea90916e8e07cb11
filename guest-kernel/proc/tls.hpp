// Segments that user code describes: thread-local storage in the GDT (set_thread_area(2), CLONE_SETTLS), and the local
// descriptor table (modify_ldt(2), proc/ldt.hpp).
#pragma once

#include "lib/errno.hpp"

namespace ido {

struct Task;

// struct user_desc (asm/ldt.h).
struct UserSegment {
  u32 entry;
  u32 base;
  u32 limit;
  u32 flags;

  static constexpr u32 k32Bit = 1, kContentsShift = 1, kReadOnly = 8, kLimitInPages = 16, kNotPresent = 32,
                       kUsable =
                           64;  // bits of flags; contents are 2 bits: data, data that grows down, code, conforming
  u32 contents() const { return (flags >> kContentsShift) & 3; }
  // What erases an entry.
  bool empty() const {
    return base == 0 && limit == 0 &&
           (flags & (kReadOnly | kNotPresent | k32Bit | 6 | kLimitInPages | kUsable)) == (kReadOnly | kNotPresent);
  }
};

// Its descriptor, for privilege level 3 always (SDM 3A, 3.4.5).
u64 descriptor_of(const UserSegment& segment);

// Makes the GDT entry that struct user_desc at `description` (user address) describes; entry -1 picks a free one and is
// written back. Errno::kInval, kSrch (none free), kFault.
Or<> set_thread_area(Task& task, u32 description);
// The reverse, for the entry that it names.
Or<> get_thread_area(const Task& task, u32 description);
// A tracer's: of another thread, the entry by its number.
Or<> read_thread_area(const Task& task, u32 entry, u32 description);
Or<> write_thread_area(Task& task, u32 entry, u32 description);

}  // namespace ido
