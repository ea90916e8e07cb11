// Assembler: Xbyak, and the guest's own instructions written again with other registers.
#pragma once

#include <xbyak/xbyak.h>

#include <cstddef>

#include "jit/context.hpp"

namespace paemu::jit {

// A register by its host number, memory at [rdi + index], or memory in the window: an address of 32 bits, over GS.
struct HostOperand {
  static constexpr u8 kNone = 0xff;
  bool memory = false, window = false;
  u8 number = 0;                      // of the register, or of the index
  u8 base = kNone, index = kNone, scale = 0;  // in the window
  u32 displacement = 0;
  static HostOperand reg(u8 n) { return {.number = n}; }
  static HostOperand at(u8 index) { return {.memory = true, .number = index}; }
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
    const bool in_window = rm.memory && rm.window;
    if (in_window) {
      db(0x65);  // GS
      db(0x67);  // addresses of 32 bits
    }
    if (op.prefix) db(op.prefix);
    const u8 index = in_window ? rm.index : rm.number, base = in_window ? rm.base : 7;
    const bool rex_r = reg & 8, rex_x = rm.memory && index != HostOperand::kNone && (index & 8),
               rex_b = rm.memory ? base != HostOperand::kNone && (base & 8) : rm.number & 8;
    if (rex_r || rex_x || rex_b) db(static_cast<u8>(0x40 | (rex_r ? 4 : 0) | (rex_x ? 2 : 0) | (rex_b ? 1 : 0)));
    if (op.map0f) db(0x0f);
    db(op.byte);
    const u8 middle = static_cast<u8>((reg & 7u) << 3);
    if (in_window) {
      encode_address(middle, rm);
    } else if (rm.memory) {
      db(static_cast<u8>(middle | 4));  // mod 0 with SIB: base rdi
      db(static_cast<u8>((rm.number & 7u) << 3 | 7));
    } else {
      db(static_cast<u8>(0xc0 | middle | (rm.number & 7u)));
    }
  }

  // A member of the processor, or of anything within it, as an address.
  Xbyak::RegExp in_cpu(const void* member) const {
    return r15 + static_cast<int>(static_cast<const u8*>(member) - reinterpret_cast<const u8*>(&cpu_));
  }

  // On to the address in esi, by the jump cache. `go` emits what takes the code's address. `check` is called for
  // entries of an earlier epoch (check_jump).
  template <class Go>
  void through_jump_cache(Privilege privilege, const u8* check, Go go) {
    Xbyak::Label known;
    rorx(r8d, esi, kPageShift);  // the index: the bits above wash out
    lea(r8d, ptr[r8 + rsi]);
    pext(r8d, r8d, ptr[CONTEXT(jump_index_bits)]);
    mov(rcx, ptr[jump_entry(privilege, offsetof(JumpCache, key), sizeof(u64))]);
    mov(rdi, ptr[CONTEXT(fetch_epoch)]);
    lea(rcx, ptr[rcx + rdi]);
    lea(rcx, ptr[rcx + rsi]);
    jrcxz(known);
    call(check);
    L(known);
    go(ptr[jump_entry(privilege, offsetof(JumpCache, code), sizeof(u8*))]);
  }

  // A member of the jump cache's entry r8.
  Xbyak::RegExp jump_entry(Privilege privilege, usize member, u32 size) const {
    const usize cache = offsetof(Context, jumps) + static_cast<u32>(privilege) * sizeof(JumpCache);
    return r10 + r8 * static_cast<int>(size) + static_cast<int>(cache + member);
  }

  Cpu& cpu_;

 private:
  // ModRM, SIB and displacement (SDM 2A, tables 2-2 and 2-3). middle: ModRM.reg in place.
  void encode_address(u8 middle, const HostOperand& a) {
    constexpr u8 kSib = 4, kNoIndex = 4, kNoBase = 5;
    const u8 sib_index = static_cast<u8>((a.index == HostOperand::kNone ? kNoIndex : a.index & 7) << 3);
    if (a.base == HostOperand::kNone) {
      db(middle | kSib);
      db(static_cast<u8>(a.scale << 6 | sib_index | kNoBase));
      dd(a.displacement);
      return;
    }
    const u8 base = a.base & 7;
    const bool near = a.displacement + 0x80 < 0x100, none = a.displacement == 0 && base != kNoBase;
    const u8 mod = static_cast<u8>((none ? 0 : near ? 1 : 2) << 6);
    if (a.index != HostOperand::kNone || base == kSib) {
      db(mod | middle | kSib);
      db(static_cast<u8>(a.scale << 6 | sib_index | base));
    } else {
      db(mod | middle | base);
    }
    if (none) return;
    if (near)
      db(static_cast<u8>(a.displacement));
    else
      dd(a.displacement);
  }
};

}  // namespace paemu::jit
