// The processors beside the one that boots (Intel MultiProcessor Specification 1.4, 3.7 and B.4; SDM 3A, 8.4).
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

// Starts them once, gives each the memory types and local interrupts of this one, and parks them with interrupts off in
// the shadow, which no system takes for RAM. An INIT and a start-up IPI wake them from there.
void start_processors();

// Bit n: there is a processor whose APIC ID is n. The one that boots is among them.
u32 processor_ids();

}  // namespace firmware
