// The operand size of an instruction, for PLAIN semantics that do both sizes.
#pragma once

#include "isa/insn.hpp"

namespace paemu {

inline bool operand16(const isa::Insn& i) { return (i.flags & isa::insn_flag::kOperand16) != 0; }

}  // namespace paemu
