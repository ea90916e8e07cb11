// MOV, MOVZX, MOVSX, LEA, XCHG, CMOVcc, SETcc, BSWAP, CBW, CWD, NOP, CMPXCHG, XADD (SDM 2).
#pragma once

#include "cpu/operands.hpp"

namespace paemu::semantic {

struct Mov {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    typename D::Type v;
    if (!S::read(c, i, v)) return Mode::kMiss;
    if (!D::write(c, i, v)) return Mode::kMiss;
    return Outcome::kNext;
  }
};

struct Movzx {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    typename S::Type v;
    if (!S::read(c, i, v)) return Mode::kMiss;
    D::write(c, i, static_cast<typename D::Type>(v));
    return Outcome::kNext;
  }
};

struct Movsx {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    typename S::Type v;
    if (!S::read(c, i, v)) return Mode::kMiss;
    D::write(c, i, static_cast<typename D::Type>(static_cast<std::make_signed_t<typename S::Type>>(v)));
    return Outcome::kNext;
  }
};

struct Lea {
  template <class Mode, class D, class M>
  static Outcome run(Cpu& c, const Insn& i) {
    D::write(c, i, static_cast<typename D::Type>(M::address(c, i)));
    return Outcome::kNext;
  }
};

struct Xchg {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    typename D::Type a, b;
    typename D::Place place;
    S::read(c, i, b);
    if (!D::open(c, i, place, a)) return Mode::kMiss;
    D::close(c, i, place, b);
    S::write(c, i, a);
    return Outcome::kNext;
  }
};

// The operand is read, and may fault, whether or not it is moved.
template <u32 Code>
struct Cmov {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    typename D::Type v;
    if (!S::read(c, i, v)) return Mode::kMiss;
    if (condition<Code>(c.lazy)) D::write(c, i, v);
    return Outcome::kNext;
  }
};

template <u32 Code>
struct Set {
  template <class Mode, class D>
  static Outcome run(Cpu& c, const Insn& i) {
    return D::write(c, i, static_cast<u8>(condition<Code>(c.lazy))) ? Outcome::kNext : Mode::kMiss;
  }
};

struct Bswap {
  template <class Mode, class D>
  static Outcome run(Cpu& c, const Insn& i) {
    typename D::Type v;
    D::read(c, i, v);
    // Of 16 bits: undefined by the manual; Intel's processors clear the register's low half.
    if constexpr (sizeof(v) == 2)
      D::write(c, i, 0);
    else
      D::write(c, i, __builtin_bswap32(v));
    return Outcome::kNext;
  }
};

// CBW, CWDE.
struct Cbw {
  template <class Mode, class A>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename A::Type;
    using Half = std::conditional_t<sizeof(T) == 4, u16, u8>;
    const auto half = static_cast<std::make_signed_t<Half>>(c.reg<Half>(isa::kEax));
    A::write(c, i, static_cast<T>(half));
    return Outcome::kNext;
  }
};

// CWD, CDQ.
struct Cwd {
  template <class Mode, class A>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename A::Type;
    T v;
    A::read(c, i, v);
    c.set_reg<T>(isa::kEdx, static_cast<std::make_signed_t<T>>(v) < 0 ? static_cast<T>(~T{0}) : T{0});
    return Outcome::kNext;
  }
};

struct Nop {
  template <class Mode, class... Operands>
  static Outcome run(Cpu&, const Insn&) {
    return Outcome::kNext;
  }
};

struct Cmpxchg {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    T a, b;
    typename D::Place place;
    if (!D::open(c, i, place, a)) return Mode::kMiss;
    S::read(c, i, b);
    const T expected = c.reg<T>(isa::kEax);
    c.lazy.set_arithmetic<T>(expected, a, u64{expected} - a);
    // Memory is always written: with itself when the comparison fails (SDM 2A, CMPXCHG).
    D::close(c, i, place, a == expected ? b : a);
    if (a != expected) c.set_reg<T>(isa::kEax, a);
    return Outcome::kNext;
  }
};

struct Xadd {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    T a, b;
    typename D::Place place;
    if (!D::open(c, i, place, a)) return Mode::kMiss;
    S::read(c, i, b);
    const u64 sum = u64{a} + b;
    c.lazy.set_arithmetic<T>(a, b, sum);
    // The source first: when both are one register it ends up with the sum.
    S::write(c, i, a);
    D::close(c, i, place, static_cast<T>(sum));
    return Outcome::kNext;
  }
};

}  // namespace paemu::semantic
