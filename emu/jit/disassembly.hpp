// Host and guest code as text, by Capstone: for people who look at what the translator made. Never in the execution
// path.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace paemu::jit {
using namespace base;

enum class Machine : u8 { kGuest, kHost };  // 32-bit, 64-bit

// A line an instruction: its address and text. Bytes that are none are shown as such.
std::vector<std::string> disassemble(std::span<const u8> code, u64 address, Machine machine);

}  // namespace paemu::jit
