// The memory types that firmware leaves to the system (SDM 3A, 11.11).
#pragma once

namespace firmware {

// RAM is write-back, the VGA window and what is between 3 GiB and 4 GiB uncached, ROM write-protected. For the
// processor that runs it.
void init_mtrrs();

}  // namespace firmware
