// LazyFlags: the six arithmetic flags as the last result and its carries; each flag is derived when asked for.
//
// `result` holds the last result sign-extended to 32 bits in its low half; `carries` the borrow or carry *into* each
// bit of that operation, moved so that the carry out of the operand is bit 32 and the carry into its sign bit 31.
//   CF = carries[32]               OF = carries[32] ^ carries[31]      AF = carries[4]
//   ZF = low half of result == 0   SF = result[31] ^ result[32]        PF = even parity of result[7:0] ^ result[47:40]
// The last terms of SF and PF are zero after every operation; they let any set of flags be written (POPF, SAHF).
// For an addition or subtraction of 32 bits the carries are a ^ b ^ r, computed in 64 bits: two host instructions.
#pragma once

#include <type_traits>

#include "cpu/state.hpp"

namespace paemu {

struct LazyFlags {
  u64 result = 1;
  u64 carries = 0;

  static constexpr u32 kFlipSign = 32, kFlipParity = 40;  // bit positions in `result`

  u32 carry() const { return static_cast<u32>(carries >> 32) & 1; }
  u32 overflow() const { return static_cast<u32>((carries >> 32) ^ (carries >> 31)) & 1; }
  u32 adjust() const { return static_cast<u32>(carries >> 4) & 1; }
  u32 zero() const { return static_cast<u32>(result) == 0; }
  u32 sign() const { return static_cast<u32>((result >> 31) ^ (result >> kFlipSign)) & 1; }
  u32 parity() const { return !(__builtin_popcount(static_cast<u32>(result ^ (result >> kFlipParity)) & 0xff) & 1); }

  // Logic: CF, OF and AF become 0. (AF is undefined; Intel's processors clear it.)
  template <class T>
  void set_logic(T r) {
    result = extend(r);
    carries = 0;
  }
  // wide: a + b + carry or a - b - carry of zero-extended operands, computed in 64 bits.
  template <class T>
  void set_arithmetic(u64 a, u64 b, u64 wide) {
    result = extend(static_cast<T>(wide));
    carries = place<T>(a ^ b ^ wide);
  }
  // INC and DEC: as set_arithmetic, but CF stays.
  template <class T>
  void set_step(u64 a, u64 b, u64 wide) {
    const u64 c = place<T>(a ^ b ^ wide);
    const u64 old = carries & (u64{1} << 32);
    const u64 overflow_at_31 = (c ^ (c >> 1)) & (u64{1} << 31);
    result = extend(static_cast<T>(wide));
    carries = (c & 0x10) | old | ((old >> 1) ^ overflow_at_31);
  }
  void set_carry_overflow(bool cf, bool of) { carries = (carries & 0x10) | (u64{cf} << 32) | (u64{cf != of} << 31); }
  void set_carry(bool cf) { set_carry_overflow(cf, overflow() != 0); }
  // ZF, SF and PF of r; CF, OF as given; AF 0.
  template <class T>
  void set_result_carry_overflow(T r, bool cf, bool of) {
    result = extend(r);
    carries = (u64{cf} << 32) | (u64{cf != of} << 31);
  }

  // The six flags at their EFLAGS positions, and back.
  u32 get() const {
    return carry() * eflag::kCarry | parity() * eflag::kParity | adjust() * eflag::kAdjust | zero() * eflag::kZero |
           sign() * eflag::kSign | overflow() * eflag::kOverflow;
  }
  void set(u32 f) {
    const bool cf = f & eflag::kCarry, of = f & eflag::kOverflow;
    carries = (u64{cf} << 32) | (u64{cf != of} << 31) | (f & eflag::kAdjust);
    // A result of 0 has ZF = 1, SF = 0, PF = 1; a result of 1 has ZF = 0, SF = 0, PF = 0.
    const u64 base = (f & eflag::kZero) ? 0 : 1;
    const bool parity_of_base = base == 0;
    result = base | (u64{(f & eflag::kSign) != 0} << kFlipSign) |
             (u64{((f & eflag::kParity) != 0) != parity_of_base} << kFlipParity);
  }

 private:
  template <class T>
  static u64 extend(T r) {
    return static_cast<u32>(static_cast<i32>(static_cast<std::make_signed_t<T>>(r)));
  }
  template <class T>
  static u64 place(u64 x) {
    if constexpr (sizeof(T) == 4)
      return x;
    else
      return (x & 0x10) | (((x >> (sizeof(T) * 8 - 1)) & 3) << 31);
  }
};

// Condition codes as in Jcc, SETcc and CMOVcc (SDM 1, appendix B).
template <u32 Code>
inline bool condition(const LazyFlags& f) {
  constexpr u32 kind = Code >> 1;
  bool value;
  if constexpr (kind == 0)
    value = f.overflow();
  else if constexpr (kind == 1)
    value = f.carry();
  else if constexpr (kind == 2)
    value = f.zero();
  else if constexpr (kind == 3)
    value = f.carry() | f.zero();
  else if constexpr (kind == 4)
    value = f.sign();
  else if constexpr (kind == 5)
    value = f.parity();
  else if constexpr (kind == 6)
    value = f.sign() ^ f.overflow();
  else
    value = f.zero() | (f.sign() ^ f.overflow());
  return value != ((Code & 1) != 0);
}

}  // namespace paemu
