// From a row's operand kinds and a decoded instruction to the handler made for exactly that form.
//
// Each .inc of the instruction table is expanded in its own handlers_*.cpp into an array of Pick, one a row.
#pragma once

#include <array>
#include <utility>

#include "cpu/rm_operand.hpp"
#include "interp/threaded.hpp"
#include "isa/table.hpp"

namespace paemu {

enum class Speed : u8 { kSlow, kFast };  // kFast: the block's mode is the fast one
using Pick = Handler (*)(const Insn&, Speed);

namespace forms {

using isa::Operand;

// The kinds that ModRM (or the instruction itself) may put in memory.
constexpr bool is_rm(Operand o) {
  using enum Operand;
  return o == Eb || o == Ew || o == Ed || o == Ev || o == Ob || o == Ov || o == M;
}
constexpr u32 width(Operand o, u32 operand_size) {
  using enum Operand;
  if (o == Eb || o == Gb || o == Zb || o == Ib || o == AL || o == CL || o == Ob || o == One) return 1;
  if (o == Ew || o == Gw || o == Iw || o == DX) return 2;
  if (o == Ed || o == Gd) return 4;
  return operand_size;
}
template <u32 Size>
struct IntegerOf;
template <>
struct IntegerOf<1> {
  using Type = u8;
};
template <>
struct IntegerOf<2> {
  using Type = u16;
};
template <>
struct IntegerOf<4> {
  using Type = u32;
};

// Address: void for the slow form, or one of these, or a way to sum up an address in a flat segment.
struct InRegister {};
struct InWindow {};
template <Operand O, class V, class Address>
constexpr auto accessor() {
  using enum Operand;
  using T = typename IntegerOf<width(O, sizeof(V))>::Type;
  if constexpr (is_rm(O)) {
    if constexpr (std::is_same_v<Address, InRegister>)
      return operand::RmRegister<T>{};
    else if constexpr (std::is_same_v<Address, void>)
      return operand::SlowMemory<T>{};
    else if constexpr (std::is_same_v<Address, InWindow>)
      return operand::WindowMemory<T>{};
    else
      return operand::FastMemory<T, Address>{};
  } else if constexpr (O == Zb || O == Zv)
    return operand::RmRegister<T>{};
  else if constexpr (O == Gb || O == Gw || O == Gd || O == Gv)
    return operand::RegRegister<T>{};
  else if constexpr (O == Ib || O == Ibs || O == Iw || O == Iz)
    return operand::Immediate<T>{};
  else if constexpr (O == AL || O == eAX)
    return operand::FixedRegister<T, isa::kEax>{};
  else if constexpr (O == CL)
    return operand::FixedRegister<T, isa::kEcx>{};
  else if constexpr (O == One)
    return operand::Constant<T, 1>{};
}
template <Operand O, class V, class Address>
using Accessor = decltype(accessor<O, V, Address>());

// Is the memory operand in a flat segment that may be written, with 32-bit addressing?
inline bool fast_address(const Insn& i) {
  return !(i.flags & isa::insn_flag::kAddress16) && i.segment < isa::kFs && i.segment != isa::kCs;
}

template <class Semantic, class V, Operand... Os>
Handler pick_register(Speed speed) {
  constexpr Handler kSlowForm = &slow<Semantic, Accessor<Os, V, InRegister>...>;
  if constexpr (requires { Semantic::kUsesStack; }) {
    if (speed == Speed::kSlow) return kSlowForm;
    return &fast<Semantic, kSlowForm, Accessor<Os, V, InRegister>...>;
  } else {
    return &fast<Semantic, nullptr, Accessor<Os, V, InRegister>...>;
  }
}

template <class Semantic, class V, Operand... Os>
Handler pick(const Insn& i, Speed speed) {
  if constexpr ((is_rm(Os) || ...)) {
    if (i.flags & isa::insn_flag::kMemory) {
      constexpr Handler kSlowForm = &slow<Semantic, Accessor<Os, V, void>...>;
      if (speed == Speed::kSlow || !fast_address(i)) {
        // Fast forms take the stack for a flat one.
        if constexpr (requires { Semantic::kUsesStack; }) {
          if (speed == Speed::kSlow) return kSlowForm;
        }
        return &fast<Semantic, kSlowForm, Accessor<Os, V, InWindow>...>;
      }
      if constexpr (sizeof(V) == 4) {
        if (i.index == isa::kNoRegister) return &fast<Semantic, kSlowForm, Accessor<Os, V, operand::BaseAddress>...>;
      }
      return &fast<Semantic, kSlowForm, Accessor<Os, V, operand::FullAddress>...>;
    }
  }
  if constexpr (((Os == Operand::M) || ...))
    return nullptr;  // memory only: the table has no register form
  else
    return pick_register<Semantic, V, Os...>(speed);
}

// Does the operand size matter to any of them?
constexpr bool sized(Operand o) { return width(o, 4) != width(o, 2); }

template <class Semantic, Operand... Os>
Handler select(const Insn& i, Speed speed) {
  if constexpr ((sized(Os) || ...)) {
    if (i.flags & isa::insn_flag::kOperand16) return pick<Semantic, u16, Os...>(i, speed);
  }
  return pick<Semantic, u32, Os...>(i, speed);
}

template <class Semantic, Operand... Os>
Handler select_sized(const Insn& i, Speed speed) {
  return select<Semantic, Os..., Operand::eAX>(i, speed);
}

template <template <u32> class Semantic, Operand... Os>
Handler select_condition(const Insn& i, Speed speed) {
  static constexpr auto kPicks = []<u32... Code>(std::integer_sequence<u32, Code...>) {
    return std::array<Pick, 16>{&select<Semantic<Code>, Os...>...};
  }
  (std::make_integer_sequence<u32, 16>{});
  return kPicks[i.opcode & 15](i, speed);
}

// Operands of a branch: its displacement only.
template <class Semantic, Operand...>
Handler select_branch(const Insn& i, Speed speed) {
  const bool fast = speed == Speed::kFast && !(i.flags & isa::insn_flag::kOperand16);
  return fast ? &fast_branch<Semantic> : &slow_branch<Semantic>;
}
template <template <u32> class Semantic, Operand... Os>
Handler select_condition_branch(const Insn& i, Speed speed) {
  static constexpr auto kPicks = []<u32... Code>(std::integer_sequence<u32, Code...>) {
    return std::array<Pick, 16>{&select_branch<Semantic<Code>, Os...>...};
  }
  (std::make_integer_sequence<u32, 16>{});
  return kPicks[i.opcode & 15](i, speed);
}

// Semantics that read ModRM.rm as they see fit.
template <class Semantic, Operand...>
Handler select_rm(const Insn& i, Speed speed) {
  if (!(i.flags & isa::insn_flag::kMemory))
    return &fast<Semantic, &slow<Semantic, operand::RmIsRegister>, operand::RmIsRegister>;
  constexpr Handler kSlowForm = &slow<Semantic, operand::RmIsMemory>;
  if (speed == Speed::kSlow || !fast_address(i)) return kSlowForm;
  return &fast<Semantic, kSlowForm, operand::RmIsFastMemory<operand::FullAddress>>;
}

template <Outcome (*Semantic)(Cpu&, const Insn&), Operand...>
Handler select_plain(const Insn& i, Speed) {
  using namespace isa::attribute;
  const bool work_of_its_own = isa::rows()[i.row].attributes & (kSlow | kPrivileged | kEndsBlock);
  return work_of_its_own ? &plain<Semantic, Fpu::kSettled> : &plain<Semantic, Fpu::kMayBeLent>;
}

}  // namespace forms

// The handler of a decoded instruction.
Handler select_handler(const Insn& i, Speed speed);

// One array a part of the table, in the order of x86.inc.
struct Picks {
  const Pick* first;
  u32 count;
};
Picks integer_picks();
Picks control_picks();
Picks system_picks();
Picks simd_picks();
Picks simd_float_picks();
Picks fpu_picks();

}  // namespace paemu

// clang-format off
// For the expansion of a table part: each row becomes the address of a selector, its operands the last arguments.
#define OPS(...) __VA_OPT__(, ) __VA_ARGS__ >
#define PLAIN(name) &forms::select_plain<sem_##name
#define RM(name) &forms::select_rm<semantic::name
#define X87(kind) &forms::select_x87_##kind<sem_x87_##kind
#define FORMS(name) &forms::select<semantic::name
#define SIZED(name) &forms::select_sized<semantic::name
#define CONDITION(name) &forms::select_condition<semantic::name
#define CONDITION_BRANCH(name) &forms::select_condition_branch<semantic::name
#define BRANCH(name) &forms::select_branch<semantic::name
#define BITS(name) &forms::select_bits<semantic::name
#define ROW(map, opcode, prefix, modrm, mnemonic, operands, flags, attributes, semantic) semantic operands,
// clang-format on
