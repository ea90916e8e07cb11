// Declares the function of every PLAIN and X87 row of the instruction table. A forgotten one fails to link.
#pragma once

#include "cpu/cpu.hpp"

namespace paemu {

#define PLAIN(name) Outcome sem_##name(Cpu&, const Insn&);
#define X87(kind) Outcome sem_x87_##kind(Cpu&, const Insn&);
#define FORMS(name)
#define RM(name)
#define SIZED(name)
#define CONDITION(name)
#define CONDITION_BRANCH(name)
#define BRANCH(name)
#define BITS(name)
#define ROW(map, opcode, prefix, modrm, mnemonic, operands, flags, attributes, semantic) semantic
#include "isa/x86.inc"
#undef ROW
#undef BITS
#undef BRANCH
#undef CONDITION_BRANCH
#undef CONDITION
#undef SIZED
#undef RM
#undef FORMS
#undef X87
#undef PLAIN

}  // namespace paemu
