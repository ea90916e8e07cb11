// Limits of user address spaces, and the making of areas. For mm only.
#pragma once

#include "mm/area.hpp"

namespace ido {

inline constexpr u32 kLowestUserAddress = 0x10000;   // null pointers with an offset fault (Linux's mmap_min_addr)
inline constexpr u32 kStackGuard = 256 * kPageSize;  // kept free below a stack

// A copy of `like` that is in no list and holds the backing; nullptr when there is no memory.
Area* make_area(const Area& like);
void free_area(Area* area);
void count_area(Area& area, i32 sign);  // into its Mm's counters (1) or out (-1)

}  // namespace ido
