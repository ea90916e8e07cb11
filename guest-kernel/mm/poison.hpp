// Page poisoning, by page_poison=1 on the command line: free pages and free slab objects are filled with a pattern, and
// found filled with it when they are given out again. A write to memory that was freed ends in a panic that says whose.
#pragma once

#include "mm/page.hpp"

namespace ido {

extern bool poison_is_on;
inline bool poison_on() { return __builtin_expect(poison_is_on, false); }

void poison(void* bytes, u32 size);
bool is_poisoned(const void* bytes, u32 size);
// Panics when a byte is not as poison() left it; `what` names the cache.
void check_poison(const void* bytes, u32 size, const char* what);

// The same for a frame; page_flag::kPoisoned says of which frames it holds.
void poison_frame(Page* page);
void check_frame(Page* page);

}  // namespace ido
