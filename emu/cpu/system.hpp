// What the system instructions share.
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

class Cpu;

// CPL 0, or #GP(0) in cpu.fault. Real mode counts as CPL 0, virtual-8086 mode as 3.
[[nodiscard]] bool require_ring0(Cpu& cpu);

// MOV to CR3 without its check of rights. now: instructions retired before it. False: a PDPTE has a reserved bit set,
// so #GP(0); nothing changed.
[[nodiscard]] bool load_cr3(Cpu& cpu, u32 value, u64 now);

}  // namespace paemu
