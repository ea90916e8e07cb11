// Quick forms of x87 instructions: the state is lent to the host's unit with all exceptions masked, so that only the
// instruction itself and the pointers to it remain to be done. All else is in cpu/x87.cpp.
#pragma once

#include "cpu/semantics.hpp"
#include "cpu/x87_instruction.hpp"
#include "interp/forms.hpp"

namespace paemu {

namespace semantic {

inline bool x87_quick(const Cpu& c) { return c.lent_fpu & lent::kX87; }

template <u8 Opcode, u8 Modrm>
struct X87Registers {
  template <class>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!x87_quick(c)) [[unlikely]]
      return Outcome::kSlow;
    x87::on_registers<Opcode, Modrm>();
    x87::note_instruction(c, i, eip_of(c, &i));
    return Outcome::kNext;
  }
};

template <u8 Opcode, u8 Digit>
struct X87Memory {
  template <class, class Address>
  static Outcome run(Cpu& c, const Insn& i) {
    constexpr x87::Operand kOperand = x87::operand_of(Opcode, Digit);
    if (!x87_quick(c)) [[unlikely]]
      return Outcome::kSlow;
    const u32 offset = Address::of(c, i);
    u8* host =
        c.mmu.host_pointer(offset, kOperand.size, kOperand.store ? Access::kWrite : Access::kRead, c.privilege());
    if (host == nullptr) [[unlikely]]
      return Outcome::kSlow;
    x87::on_memory<Opcode, Digit>(host);
    x87::note_instruction(c, i, eip_of(c, &i));
    x87::note_operand(c, i, offset);
    return Outcome::kNext;
  }
};

template <u8 Register>
struct X87MoveIf {
  template <class>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!x87_quick(c)) [[unlikely]]
      return Outcome::kSlow;
    x87::move_if<Register>(x87::move_condition(c.lazy, i.opcode, i.reg));
    x87::note_instruction(c, i, eip_of(c, &i));
    return Outcome::kNext;
  }
};

template <u8 Opcode, u8 Modrm>
struct X87Compare {
  template <class>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!x87_quick(c)) [[unlikely]]
      return Outcome::kSlow;
    c.lazy.set(x87::compare<Opcode, Modrm>().flags());
    x87::note_instruction(c, i, eip_of(c, &i));
    return Outcome::kNext;
  }
};

}  // namespace semantic

namespace forms {

template <Outcome (*Slow)(Cpu&, const Insn&), Operand...>
Handler select_x87_register(const Insn& i, Speed) {
  static constexpr auto kHandlers = []<u32... N>(std::integer_sequence<u32, N...>) {
    return std::array<Handler, sizeof...(N)>{
        &fast<semantic::X87Registers<0xd8 + N / 64, 0xc0 + N % 64>, &plain<Slow, Fpu::kMayBeLent>>...};
  }
  (std::make_integer_sequence<u32, 512>{});
  return kHandlers[(i.opcode - 0xd8u) * 64 + (i.modrm - 0xc0u)];
}

template <Outcome (*Slow)(Cpu&, const Insn&), Operand...>
Handler select_x87_memory(const Insn& i, Speed speed) {
  if (speed == Speed::kSlow || !fast_address(i)) return &plain<Slow, Fpu::kMayBeLent>;
  static constexpr auto kHandlers = []<u32... N>(std::integer_sequence<u32, N...>) {
    return std::array<Handler, sizeof...(N)>{
        &fast<semantic::X87Memory<0xd8 + N / 8, N % 8>, &plain<Slow, Fpu::kMayBeLent>, operand::FullAddress>...};
  }
  (std::make_integer_sequence<u32, 64>{});
  return kHandlers[(i.opcode - 0xd8u) * 8 + (i.reg & 7)];
}

template <Outcome (*Slow)(Cpu&, const Insn&), Operand...>
Handler select_x87_move_if(const Insn& i, Speed) {
  static constexpr auto kHandlers = []<u32... N>(std::integer_sequence<u32, N...>) {
    return std::array<Handler, sizeof...(N)>{&fast<semantic::X87MoveIf<N>, &plain<Slow, Fpu::kMayBeLent>>...};
  }
  (std::make_integer_sequence<u32, 8>{});
  return kHandlers[i.modrm & 7];
}

template <Outcome (*Slow)(Cpu&, const Insn&), Operand...>
Handler select_x87_compare(const Insn& i, Speed) {
  static constexpr auto kHandlers = []<u32... N>(std::integer_sequence<u32, N...>) {
    return std::array<Handler, sizeof...(N)>{
        &fast<semantic::X87Compare<N / 16 ? 0xdf : 0xdb, 0xe8 + N % 16>, &plain<Slow, Fpu::kMayBeLent>>...};
  }
  (std::make_integer_sequence<u32, 32>{});
  return kHandlers[(i.opcode == 0xdf ? 16u : 0u) + (i.modrm - 0xe8u)];
}

}  // namespace forms

}  // namespace paemu
