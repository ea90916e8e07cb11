// The trace of executed instructions: one line each, for people who look for a bug.
#pragma once

#include <span>

#include "cpu/cpu.hpp"

namespace paemu {

// Logs count, address, bytes, mnemonic and the registers before `insn` runs.
void trace_instruction(Cpu& cpu, std::span<const u8> bytes, const Insn& insn);

}  // namespace paemu
