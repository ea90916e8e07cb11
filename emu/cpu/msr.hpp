// Model-specific registers (SDM 4): what RDMSR and WRMSR reach.
#pragma once

#include "cpu/state.hpp"

namespace paemu {

class Cpu;

// False: no such register, or a reserved bit in `value`: #GP(0) is to be raised.
[[nodiscard]] bool read_msr(const Cpu& cpu, u32 index, u64& value);
[[nodiscard]] bool write_msr(Cpu& cpu, u32 index, u64 value);

}  // namespace paemu
