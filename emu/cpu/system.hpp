// What the system instructions share.
#pragma once

namespace paemu {

class Cpu;

// CPL 0, or #GP(0) in cpu.fault. Real mode counts as CPL 0, virtual-8086 mode as 3.
[[nodiscard]] bool require_ring0(Cpu& cpu);

}  // namespace paemu
