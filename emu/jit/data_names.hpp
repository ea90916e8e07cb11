// Names of what translated code reaches by r15 and r10: the processor and the context.
#pragma once

#include <string>

#include "cpu/cpu.hpp"
#include "jit/context.hpp"

namespace paemu::jit {

// "eflags", "fpu.xmm[3]", "tlb.read.user.tag"; with "+2" behind it within something. A number where there is no name.
std::string name_in_cpu(const Cpu& cpu, i64 offset);
std::string name_in_context(i64 offset);

}  // namespace paemu::jit
