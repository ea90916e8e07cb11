// The order of the kernel's sleeping locks, and its checker (lockdep=1 on the command line).
//
// A task that holds a lock takes only locks further down the tree. Two locks of one kind are never held at once, but
// for migration's two pages, whose second nobody else can know (mm/migrate.cpp).
//
//   kAcpi       an AML evaluation
//     kHotplug  adding or removing memory
//       kPipe   a pipe's bytes
//         kMm   an address space's areas
//           kPage  a page being filled, written out, truncated or moved (mm/page_lock.hpp)
//
// The checker records each task's locks, and panics, naming both, when one is taken out of order; when a task leaves
// the kernel with a lock; and when it sleeps with an atomic kmap.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

enum class LockKind : u8 { kAcpi, kHotplug, kPipe, kMm, kPage };  // from the outermost to the innermost

// What a task holds, in the order in which it was taken.
struct HeldLocks {
  static constexpr u32 kMost = 8;
  struct {
    const void* lock;
    LockKind kind;
  } held[kMost];
  u32 count = 0;
};
HeldLocks& held_locks();  // the running task's; proc has it

extern bool lock_check_is_on;
inline bool lock_check_on() { return __builtin_expect(lock_check_is_on, false); }

// Before waiting for a lock, when it is taken (tried ones too), and when it is given back.
void check_lock_order(LockKind kind);
void note_lock_taken(LockKind kind, const void* lock);
void note_lock_released(const void* lock);
void check_no_locks(const char* where);

}  // namespace ido
