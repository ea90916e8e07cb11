// Insn: one decoded instruction, as the decoder makes it and both engines read it.
//
// Plain data of 32 bytes; holds no address of itself, so a decoded block can be used wherever its bytes are.
#pragma once

#include "base/types.hpp"

namespace paemu::isa {
using namespace base;

// General registers by number, as ModRM encodes them (SDM 2, table 2-2).
// kNoRegister is the number of the slot after EDI that always reads zero (CpuState::gpr), so that an address sums up
// without a branch.
enum Register : u8 { kEax, kEcx, kEdx, kEbx, kEsp, kEbp, kEsi, kEdi, kNoRegister };

// Segment registers by number, as ModRM.reg encodes them.
enum SegmentRegister : u8 { kEs, kCs, kSs, kDs, kFs, kGs, kNoSegment = 0xff };

namespace insn_flag {
inline constexpr u8 kMemory = 1u << 0;     // the ModRM operand is memory, not a register
inline constexpr u8 kOperand16 = 1u << 1;  // operand size is 16 bits, else 32 (byte forms are rows of their own)
inline constexpr u8 kAddress16 = 1u << 2;  // address size is 16 bits, else 32
inline constexpr u8 kLock = 1u << 3;
inline constexpr u8 kRep = 1u << 4;            // F3
inline constexpr u8 kRepne = 1u << 5;          // F2
inline constexpr u8 kOperandPrefix = 1u << 6;  // a 66 prefix was there (SSE rows)
}  // namespace insn_flag

struct Insn {
  void (*handler)() = nullptr;  // the engine's (cast to its own type); the decoder leaves it null
  u32 immediate = 0;            // sign-extended where the manual says so; for relative branches the displacement
  u32 displacement = 0;
  u16 immediate2 = 0;     // selector of a far pointer, level of ENTER
  u16 offset = 0;         // the engine's: bytes from the start of the block to this instruction
  u16 row = 0;            // index into the instruction table: isa::Row
  u8 length = 0;          // bytes, 1 to 15
  u8 flags = 0;           // insn_flag
  u8 reg = 0;             // ModRM.reg, or the register in the opcode's low three bits (then in rm as well)
  u8 rm = 0;              // ModRM.rm when the operand is a register
  u8 base = kNoRegister;  // of the memory operand
  u8 index = kNoRegister;
  u8 scale = 0;      // shift of the index: 0 to 3
  u8 segment = kDs;  // segment of the memory operand, override applied
  u8 opcode = 0;     // last opcode byte: condition code in its low four bits, x87 forms
  u8 modrm = 0;      // as encoded, for rows that need it whole
};
static_assert(sizeof(Insn) == 32);

}  // namespace paemu::isa
