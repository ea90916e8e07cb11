// MUL, IMUL, DIV, IDIV (SDM 2). Flags that the manual leaves undefined follow Intel's processors: after a
// multiplication SF, ZF and PF are those of the low half and AF is clear; a division changes none.
#pragma once

#include <limits>

#include "cpu/operands.hpp"

namespace paemu::semantic {

template <class T>
struct WideOf;
template <>
struct WideOf<u8> {
  using Unsigned = u16;
  using Signed = i16;
};
template <>
struct WideOf<u16> {
  using Unsigned = u32;
  using Signed = i32;
};
template <>
struct WideOf<u32> {
  using Unsigned = u64;
  using Signed = i64;
};

// The double-width accumulator: AX, DX:AX or EDX:EAX.
template <class T>
inline typename WideOf<T>::Unsigned wide_accumulator(const Cpu& c) {
  using W = typename WideOf<T>::Unsigned;
  if constexpr (sizeof(T) == 1)
    return c.reg<u16>(isa::kEax);
  else
    return static_cast<W>(static_cast<W>(c.reg<T>(isa::kEdx)) << (sizeof(T) * 8) | c.reg<T>(isa::kEax));
}
template <class T>
inline void set_halves(Cpu& c, T high, T low) {
  if constexpr (sizeof(T) == 1) {
    c.set_reg<u16>(isa::kEax, static_cast<u16>(high << 8 | low));
  } else {
    c.set_reg<T>(isa::kEax, low);
    c.set_reg<T>(isa::kEdx, high);
  }
}
// `overflowed`: the upper half is more than an extension of the lower.
template <class T>
inline void set_multiply_flags(Cpu& c, T low, bool overflowed) {
  c.lazy.set_result_carry_overflow<T>(low, overflowed, overflowed);
}

struct Mul {
  template <class Mode, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename S::Type;
    using W = typename WideOf<T>::Unsigned;
    T b;
    if (!S::read(c, i, b)) return Mode::kMiss;
    const W product = static_cast<W>(static_cast<W>(c.reg<T>(isa::kEax)) * b);
    const T low = static_cast<T>(product), high = static_cast<T>(product >> (sizeof(T) * 8));
    set_halves<T>(c, high, low);
    set_multiply_flags<T>(c, low, high != 0);
    return Outcome::kNext;
  }
};

template <class T>
inline T multiply_signed(Cpu& c, T a, T b, T& high) {
  using S = std::make_signed_t<T>;
  using W = typename WideOf<T>::Signed;
  const W product = static_cast<W>(static_cast<W>(static_cast<S>(a)) * static_cast<S>(b));
  const T low = static_cast<T>(product);
  high = static_cast<T>(product >> (sizeof(T) * 8));
  set_multiply_flags<T>(c, low, product != static_cast<W>(static_cast<S>(low)));
  return low;
}

// One operand: the accumulator times it.
struct ImulWide {
  template <class Mode, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename S::Type;
    T b, high;
    if (!S::read(c, i, b)) return Mode::kMiss;
    const T low = multiply_signed<T>(c, c.reg<T>(isa::kEax), b, high);
    set_halves<T>(c, high, low);
    return Outcome::kNext;
  }
};

// Two or three operands: truncated.
struct Imul {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    T a, b, high;
    if (!S::read(c, i, b)) return Mode::kMiss;
    D::read(c, i, a);
    D::write(c, i, multiply_signed<T>(c, a, b, high));
    return Outcome::kNext;
  }
  template <class Mode, class D, class S, class I>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    T a, b, high;
    if (!S::read(c, i, a)) return Mode::kMiss;
    I::read(c, i, b);
    D::write(c, i, multiply_signed<T>(c, a, b, high));
    return Outcome::kNext;
  }
};

struct Div {
  template <class Mode, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename S::Type;
    T divisor;
    if (!S::read(c, i, divisor)) return Mode::kMiss;
    if (divisor == 0) return divide_error<Mode>(c);
    const auto dividend = wide_accumulator<T>(c);
    const auto quotient = dividend / divisor;
    if (quotient > std::numeric_limits<T>::max()) return divide_error<Mode>(c);
    set_halves<T>(c, static_cast<T>(dividend % divisor), static_cast<T>(quotient));
    return Outcome::kNext;
  }
  // Faults come from slow forms only.
  template <class Mode>
  static Outcome divide_error(Cpu& c) {
    c.raise(Vector::kDivideError);
    return Outcome::kFault;
  }
};

struct Idiv {
  template <class Mode, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename S::Type;
    using St = std::make_signed_t<T>;
    using W = typename WideOf<T>::Signed;
    T read;
    if (!S::read(c, i, read)) return Mode::kMiss;
    const auto divisor = static_cast<St>(read);
    const auto dividend = static_cast<W>(wide_accumulator<T>(c));
    if (divisor == 0) return Div::divide_error<Mode>(c);
    // The one quotient that does not fit its own type, and would trap on the host.
    if (divisor == -1 && dividend == std::numeric_limits<W>::min()) return Div::divide_error<Mode>(c);
    const auto quotient = dividend / divisor;
    if (quotient != static_cast<St>(quotient)) return Div::divide_error<Mode>(c);
    set_halves<T>(c, static_cast<T>(dividend % divisor), static_cast<T>(quotient));
    return Outcome::kNext;
  }
};

}  // namespace paemu::semantic
