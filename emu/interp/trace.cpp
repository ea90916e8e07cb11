#include "interp/trace.hpp"

#include <cstdio>
#include <string>

#include "isa/decoder.hpp"

namespace paemu {

void trace_instruction(Cpu& cpu, std::span<const u8> bytes, const Insn& insn) {
  const CpuState& s = cpu.state;
  std::string hex;
  for (const u8 b : bytes) {
    char two[4];
    std::snprintf(two, sizeof(two), "%02x ", b);
    hex += two;
  }
  char line[256];
  std::snprintf(
      line, sizeof(line),
      "%llu %04x:%08x %-30s%-10s eax=%08x ecx=%08x edx=%08x ebx=%08x esp=%08x ebp=%08x esi=%08x edi=%08x efl=%08x",
      static_cast<unsigned long long>(cpu.clock.retired), s.segment[isa::kCs].selector, s.eip, hex.c_str(),
      isa::mnemonic(insn).c_str(), s.gpr[0], s.gpr[1], s.gpr[2], s.gpr[3], s.gpr[4], s.gpr[5], s.gpr[6], s.gpr[7],
      cpu.flags());
  cpu.log.line(line);
}

}  // namespace paemu
