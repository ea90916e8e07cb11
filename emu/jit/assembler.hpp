// Assembler: Xbyak, and the guest's own instructions written again with other registers.
#pragma once

#include <xbyak/xbyak.h>

#include <cstddef>

#include "jit/context.hpp"

namespace paemu::jit {

// A register by its host number, or memory at [rdi + index].
struct HostOperand {
  bool memory = false;
  u8 number = 0;  // of the register, or of the index
  static HostOperand reg(u8 n) { return {false, n}; }
  static HostOperand at(u8 index) { return {true, index}; }
};

// What precedes the ModRM byte of an instruction.
struct Opcode {
  u8 prefix = 0;  // 66, F2, F3 or none
  bool map0f = false;
  u8 byte = 0;
};

// offset of a member of Context, for an address
#define CONTEXT(member) (r10 + static_cast<int>(offsetof(Context, member)))

class Assembler : public Xbyak::CodeGenerator {
 public:
  Assembler(u8* buffer, usize size, Cpu& cpu) : CodeGenerator(size, buffer), cpu_(cpu) {}

 protected:
  static Xbyak::Reg32 guest32(u32 n) { return Xbyak::Reg32(kHostRegister[n]); }
  static Xbyak::Reg64 guest64(u32 n) { return Xbyak::Reg64(kHostRegister[n]); }

  // Registers by hardware number. An operand of AH to BH is number 4 to 7; all others of the instruction are below 8
  // then, since a REX prefix would rename them.
  void encode(const Opcode& op, u8 reg, const HostOperand& rm) {
    if (op.prefix) db(op.prefix);
    const bool rex_r = reg & 8, rex_x = rm.memory && (rm.number & 8), rex_b = !rm.memory && (rm.number & 8);
    if (rex_r || rex_x || rex_b) db(static_cast<u8>(0x40 | (rex_r ? 4 : 0) | (rex_x ? 2 : 0) | (rex_b ? 1 : 0)));
    if (op.map0f) db(0x0f);
    db(op.byte);
    const u32 middle = (reg & 7u) << 3;
    if (rm.memory) {
      db(static_cast<u8>(middle | 4));  // mod 0 with SIB: base rdi
      db(static_cast<u8>((rm.number & 7u) << 3 | 7));
    } else {
      db(static_cast<u8>(0xc0 | middle | (rm.number & 7u)));
    }
  }

  void load(const Xbyak::Reg32& to, const HostOperand& from) {
    encode({0, false, 0x8b}, static_cast<u8>(to.getIdx()), from);
  }
  void store(const HostOperand& to, const Xbyak::Reg32& value) {
    encode({0, false, 0x89}, static_cast<u8>(value.getIdx()), to);
  }
  void store(const HostOperand& to, u32 value) {
    encode({0, false, 0xc7}, 0, to);
    dd(value);
  }

  // A member of the processor, or of anything within it, as an address.
  Xbyak::RegExp in_cpu(const void* member) const {
    return r15 + static_cast<int>(static_cast<const u8*>(member) - reinterpret_cast<const u8*>(&cpu_));
  }

  Cpu& cpu_;
};

}  // namespace paemu::jit
