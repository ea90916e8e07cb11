// Registers: a plain copy of what a person asks for first, for monitors, reports and the debugger.
#pragma once

#include "cpu/state.hpp"

namespace paemu {

struct Registers {
  CpuState cpu;  // settled
  u64 retired = 0;
};

}  // namespace paemu
