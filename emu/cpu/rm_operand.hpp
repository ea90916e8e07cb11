// What ModRM.rm names, for semantics that say themselves what they move: x87 control words, XMM registers and memory.
//
// Such a semantic is `template <class Mode, class Rm> static Outcome run(Cpu&, const Insn&)`, with Mode as in
// cpu/operands.hpp. When Rm::kIsMemory, Rm::load and Rm::store move any type of up to 16 bytes; false: return
// Mode::kMiss. Else the operand is a register, of the file that the semantic knows.
#pragma once

#include "cpu/operands.hpp"

namespace paemu {

// 128-bit operands must be at a boundary of 16 bytes, else #GP (SDM 1, 11.3; MOVUPS and its kin aside).
enum class Alignment : u8 { kAny, k16 };

namespace operand {

struct RmIsRegister {
  static constexpr bool kIsMemory = false;
};

// Memory in a flat segment, by a hit in the fast TLB.
template <class Address>
struct RmIsFastMemory {
  static constexpr bool kIsMemory = true;
  template <Alignment A = Alignment::kAny, class T>
  static bool load(Cpu& c, const Insn& i, T& v) {
    const u8* host = place<A>(c, i, sizeof(T), Access::kRead);
    if (host == nullptr) [[unlikely]]
      return false;
    std::memcpy(&v, host, sizeof(T));
    return true;
  }
  template <Alignment A = Alignment::kAny, class T>
  static bool store(Cpu& c, const Insn& i, const T& v) {
    u8* host = place<A>(c, i, sizeof(T), Access::kWrite);
    if (host == nullptr) [[unlikely]]
      return false;
    std::memcpy(host, &v, sizeof(T));
    return true;
  }

 private:
  template <Alignment A>
  static u8* place(Cpu& c, const Insn& i, u32 size, Access access) {
    const u32 at = Address::of(c, i);
    if (A == Alignment::k16 && (at & 15) != 0) [[unlikely]]
      return nullptr;
    return c.mmu.host_pointer(at, size, access, c.privilege());
  }
};

// Memory by all the rules.
struct RmIsMemory {
  static constexpr bool kIsMemory = true;
  template <Alignment A = Alignment::kAny, class T>
  static bool load(Cpu& c, const Insn& i, T& v) {
    u32 offset;
    return address<A>(c, i, sizeof(T), Access::kRead, offset) && c.load_bytes(i.segment, offset, &v, sizeof(T));
  }
  template <Alignment A = Alignment::kAny, class T>
  static bool store(Cpu& c, const Insn& i, const T& v) {
    u32 offset;
    return address<A>(c, i, sizeof(T), Access::kWrite, offset) && c.store_bytes(i.segment, offset, &v, sizeof(T));
  }

 private:
  template <Alignment A>
  static bool address(Cpu& c, const Insn& i, u32 size, Access access, u32& offset) {
    offset = c.effective_address(i);
    if (A == Alignment::kAny) return true;
    u32 linear;
    const bool within = c.linear_of(i.segment, offset, size, access, linear);
    if ((linear & 15) == 0) return within;
    c.general_protection();  // also when SS would give #SS
    return false;
  }
};

}  // namespace operand
}  // namespace paemu
