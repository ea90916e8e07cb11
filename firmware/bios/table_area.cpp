#include "bios/table_area.hpp"

#include "base/bits.hpp"
#include "bios/layout.hpp"
#include "bios/strings.hpp"

namespace firmware {

namespace {
u32 used;  // bytes from kTablesBegin
}

u32 take_table_area(u32 size, u32 alignment) {
  const u32 address = align_up(kTablesBegin + used, alignment);
  if (address > kTablesEnd || size > kTablesEnd - address) return 0;
  used = address + size - kTablesBegin;
  fill(at<u8>(address), 0, size);
  return address;
}

}  // namespace firmware
