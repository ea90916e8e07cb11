// Far transfers: JMP, CALL, RET and IRET between segments, privilege levels and tasks (SDM 3A, 5.8 and 7; SDM 2).
//
// All return Outcome::kBranch with CS:EIP set, or kFault with nothing changed.
#pragma once

#include "cpu/fault.hpp"
#include "cpu/state.hpp"
#include "isa/insn.hpp"

namespace paemu {

class Cpu;

enum class OperandSize : u8 { k16, k32 };

[[nodiscard]] Outcome far_jump(Cpu& cpu, u16 selector, u32 offset, u32 next_eip);
[[nodiscard]] Outcome far_call(Cpu& cpu, u16 selector, u32 offset, OperandSize size, u32 next_eip);
// release: bytes to drop from the stack after the return address (RETF imm16).
[[nodiscard]] Outcome far_return(Cpu& cpu, OperandSize size, u16 release);
[[nodiscard]] Outcome interrupt_return(Cpu& cpu, OperandSize size, u32 next_eip);

// Sets CS for real mode (virtual8086: for virtual-8086 mode) and EIP.
void set_code_segment_real(Cpu& cpu, u16 selector, u32 eip);

}  // namespace paemu
