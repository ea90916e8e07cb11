// Shrinkers: caches of other folders (names, inodes) that give memory back when there is none left. A cache registers
// once; mm asks it when an allocation at a place that may sleep fails, and when somebody writes to
// /proc/sys/vm/drop_caches.
#pragma once

#include "base/intrusive_list.hpp"
#include "base/types.hpp"

namespace ido {
using namespace base;

struct Shrinker {
  const char* name;
  u32 (*count)();              // objects that could be given back now
  u32 (*shrink)(u32 objects);  // gives up to that many back, the least useful first; returns how many
  ListNode node;
};

void register_shrinker(Shrinker& shrinker);  // for ever

// Asks all of them for `objects` in all, in proportion to what they have. Returns how many came back. Empty slabs go
// back to the page allocator.
u32 shrink_caches(u32 objects);
u32 shrinkable_objects();

}  // namespace ido
