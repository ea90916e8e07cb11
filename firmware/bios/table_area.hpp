// Room for tables that systems look for between 0xf0000 and 0xfffff, while it can be written.
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

// `size` zeroed bytes aligned to `alignment`, a power of two; 0 when there is no room left.
u32 take_table_area(u32 size, u32 alignment);

}  // namespace firmware
