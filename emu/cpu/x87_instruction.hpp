// x87 instructions as the host executes them: one function an encoding, working on the state lent to the host's unit
// (cpu/host_fpu.hpp), and what surrounds it.
//
// Guest and host are the same instruction set, so every bit of a result, of the condition codes and of the exception
// flags is exact, under the guest's own control word.
#pragma once

#include "cpu/host_fpu.hpp"

namespace paemu::x87 {

// What a memory form moves, by opcode and ModRM.reg: bytes, and whether it writes them.
struct Operand {
  u8 size;
  bool store;
};
constexpr Operand operand_of(u32 opcode, u32 digit) {
  switch (opcode) {
    case 0xd8:
    case 0xda: return {4, false};
    case 0xd9: return {4, digit != 0};
    case 0xdc: return {8, false};
    case 0xde: return {2, false};
    case 0xdb: return digit >= 5 ? Operand{10, digit == 7} : Operand{4, digit != 0};
    case 0xdd: return {8, digit != 0};
    default:
      return {static_cast<u8>(digit == 4 || digit == 6   ? 10
                              : digit == 5 || digit == 7 ? 8
                                                         : 2),
              digit != 0 && digit != 4 && digit != 5};
  }
}

// Runs the register form d8 + .. d8 + 7, c0 .. ff.
template <u8 Opcode, u8 Modrm>
inline void on_registers() {
  asm volatile(".byte %c0, %c1" : : "i"(Opcode), "i"(Modrm));
}
// Runs the memory form with its operand at a host address.
template <u8 Opcode, u8 Digit>
inline void on_memory(void* operand) {
  constexpr u8 kAtRdi = Digit << 3 | 7;
  asm volatile(".byte %c0, %c1" : : "i"(Opcode), "i"(kAtRdi), "D"(operand) : "memory");
}
// FCMOVcc: FCMOVE, which moves as ZF says, and it says `condition`.
template <u8 Register>
inline void move_if(bool condition) {
  asm volatile("cmpb $1, %b2\n.byte 0xda, %c0" : : "i"(0xc8 + Register), "i"(0), "q"(condition) : "cc");
}
// FCOMI and kin: CF, PF and ZF are the result.
struct Comparison {
  bool carry, parity, zero;
  u32 flags() const { return (carry ? eflag::kCarry : 0) | (parity ? eflag::kParity : 0) | (zero ? eflag::kZero : 0); }
};
template <u8 Opcode, u8 Modrm>
inline Comparison compare() {
  Comparison c;
  asm volatile(".byte %c3, %c4" : "=@ccc"(c.carry), "=@ccp"(c.parity), "=@ccz"(c.zero) : "i"(Opcode), "i"(Modrm));
  return c;
}

// Which flag an FCMOVcc asks for, by its opcode da or db and ModRM.reg: not below, not equal ... are those of db.
inline bool move_condition(const LazyFlags& f, u8 opcode, u8 digit) {
  const u32 set = digit == 0 ? f.carry() : digit == 1 ? f.zero() : digit == 2 ? f.carry() | f.zero() : f.parity();
  return (set != 0) == (opcode == 0xda);
}

// FIP, FCS and FOP of an instruction that is none of control (SDM 1, 8.1.8, 8.1.9); `eip` is its address.
inline void note_instruction(Cpu& cpu, const Insn& i, u32 eip) {
  FpuState& f = cpu.state.fpu;
  f.code_offset = eip;
  f.code_selector = cpu.state.segment[isa::kCs].selector;
  f.last_opcode = static_cast<u16>((i.opcode & 7) << 8 | i.modrm);
}
// FDP and FDS of its memory operand.
inline void note_operand(Cpu& cpu, const Insn& i, u32 offset) {
  cpu.state.fpu.data_offset = offset;
  cpu.state.fpu.data_selector = cpu.state.segment[i.segment].selector;
}

}  // namespace paemu::x87
