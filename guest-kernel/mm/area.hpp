// Area: a run of user addresses with one meaning, as one line of /proc/PID/maps.
//
// Owned by one Mm, in address order, never empty, never overlapping. All addresses are page aligned.
#pragma once

#include "base/intrusive_list.hpp"
#include "base/types.hpp"

namespace ido {
using namespace base;

class Backing;
class Mm;

namespace protection {  // Linux's PROT_* numbers
inline constexpr u8 kNone = 0, kRead = 1, kWrite = 2, kExecute = 4;
}

namespace area_flag {
inline constexpr u16 kShared = 1u << 0;       // writes reach the backing
inline constexpr u16 kGrowsDown = 1u << 1;    // a stack: faults just below extend it
inline constexpr u16 kLocked = 1u << 2;       // mlock: pages are made at once; they may still migrate
inline constexpr u16 kNoWrite = 1u << 3;      // shared with a file opened read-only: mprotect may not add kWrite
inline constexpr u16 kNoReserve = 1u << 4;    // MAP_NORESERVE: its pages are not promised
inline constexpr u16 kCommitted = 1u << 5;    // its pages were promised: private and writable at some time
inline constexpr u16 kLockOnFault = 1u << 6;  // with kLocked: pages are locked when they are touched first
inline constexpr u16 kDontFork = 1u << 7;     // madvise(MADV_DONTFORK)
inline constexpr u16 kWipeOnFork = 1u << 8;   // madvise(MADV_WIPEONFORK): empty in the child
}  // namespace area_flag

struct Area {
  u32 start = 0;                // first byte
  u32 end = 0;                  // past the last byte
  u8 protection = 0;            // protection::
  u16 flags = 0;                // area_flag
  Backing* backing = nullptr;   // held; nullptr: anonymous
  u32 first_index = 0;          // page number in the backing of `start`
  const char* label = nullptr;  // "[heap]", "[stack]", for maps
  Mm* mm = nullptr;
  ListNode node;          // in Mm::areas, by address
  ListNode backing_node;  // in Backing::areas
  struct {
    Area* parent = nullptr;
    Area* left = nullptr;
    Area* right = nullptr;
    u32 gap = 0;          // bytes between the area before and this one
    u32 largest_gap = 0;  // of the subtree
    u8 height = 0;
  } tree;  // AreaTree's

  u32 size() const { return end - start; }
  bool contains(u32 address) const { return address >= start && address < end; }
  bool shared() const { return (flags & area_flag::kShared) != 0; }
  bool writable() const { return (protection & protection::kWrite) != 0; }
  u32 index_of(u32 address) const { return first_index + ((address - start) >> kPageShift); }
};

}  // namespace ido
