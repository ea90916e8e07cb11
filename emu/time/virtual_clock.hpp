// VirtualClock: counts retired instructions and idle ticks. One a machine.
//
// The engine owns `retired` while it runs: it brings it up to date before it calls the bus, an event or a system
// instruction that can see time, and on return from run(). Everybody else only reads.
#pragma once

#include "base/fields.hpp"
#include "time/ticks.hpp"

namespace paemu {

struct VirtualClock {
  u64 retired = 0;  // instructions retired since reset of the whole machine
  u64 idle = 0;     // ticks skipped while every processor was halted
  FIELDS(retired, idle)

  Ticks now() const { return Ticks{retired + idle}; }
  // The TSC ticks once a tick: 1 GHz.
};

}  // namespace paemu
