// Machine-check architecture (SDM 3B, chapter 15): the banks as model-specific registers, and errors that come in.
//
// Nothing breaks here by itself: errors come from a monitor, through the input seam.
#pragma once

#include "cpu/msr.hpp"

namespace paemu {
using namespace base;

class Cpu;

// An error as a bank is to report it (SDM 3B, 15.3.2).
struct MachineCheckError {
  u32 bank;
  u64 status;         // IA32_MCi_STATUS; valid bit set
  u64 global_status;  // IA32_MCG_STATUS: RIPV and EIPV; MCIP is added
  u64 address;
  u64 misc;
};

// Notes the error in its bank by the overwrite rules (15.3.2.2.1). An uncorrected one raises #MC before the next
// instruction, or shuts the processor down when CR4.MCE is clear or another is being handled (6.15, interrupt 18).
// Without the feature (CPUID.MCA) nothing happens. The bank must exist.
void report_machine_check(Cpu& cpu, const MachineCheckError& error);

// IA32_MCG_* and IA32_MCi_*.
[[nodiscard]] MsrAccess read_machine_check_msr(const Cpu& cpu, u32 index, u64& value);
[[nodiscard]] MsrAccess write_machine_check_msr(Cpu& cpu, u32 index, u64 value);

}  // namespace paemu
