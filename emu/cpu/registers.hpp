// Registers: a plain copy of what a person asks for first, for monitors, reports and the debugger.
#pragma once

#include "cpu/state.hpp"

namespace paemu {

struct Registers {
  CpuState cpu;  // settled
  u64 retired = 0;
  u64 table_loads = 0, flushes = 0, page_flushes = 0;  // since this process began (mmu/mmu.hpp)
};

}  // namespace paemu
