// Shifts and rotates (SDM 2: SAL/SAR/SHL/SHR, RCL/RCR/ROL/ROR, SHLD, SHRD). The count is taken modulo 32; with a count
// of zero no flag changes.
//
// Flags that the manual leaves undefined follow Intel's processors: AF is cleared by shifts; OF is computed by the rule
// for a count of one, on the last step, whatever the count; SHLD and SHRD of 16 bits by more than 16 go on as if the
// destination were followed by source and destination again.
#pragma once

#include "cpu/operands.hpp"

namespace paemu::semantic {

template <class T>
inline constexpr u32 kWidth = sizeof(T) * 8;
template <class T>
inline bool top_bit(T v) {
  return (v >> (kWidth<T> - 1)) & 1;
}

// Operation: T apply(LazyFlags&, T value, u32 count), count 1 to 31.
template <class Operation>
struct ShiftBy {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    u8 count;
    S::read(c, i, count);
    count &= 31;
    T a;
    typename D::Place place;
    // Memory is written, and faults as written, even when the count is zero.
    if (!D::open(c, i, place, a)) return Mode::kMiss;
    D::close(c, i, place, count == 0 ? a : Operation::template apply<T>(c.lazy, a, count));
    return Outcome::kNext;
  }
};

namespace operation {

struct Shl {
  template <class T>
  static T apply(LazyFlags& f, T a, u32 count) {
    const u64 wide = u64{a} << count;
    const T r = static_cast<T>(wide);
    const bool cf = (wide >> kWidth<T>)&1;
    f.set_result_carry_overflow<T>(r, cf, top_bit(r) != cf);
    return r;
  }
};
struct Shr {
  template <class T>
  static T apply(LazyFlags& f, T a, u32 count) {
    const u64 before = u64{a} >> (count - 1);
    const T r = static_cast<T>(before >> 1);
    f.set_result_carry_overflow<T>(r, before & 1, (before >> (kWidth<T> - 1)) & 1);
    return r;
  }
};
struct Sar {
  template <class T>
  static T apply(LazyFlags& f, T a, u32 count) {
    const i64 before = i64{static_cast<std::make_signed_t<T>>(a)} >> (count - 1);
    const T r = static_cast<T>(before >> 1);
    f.set_result_carry_overflow<T>(r, before & 1, false);
    return r;
  }
};
struct Rol {
  template <class T>
  static T apply(LazyFlags& f, T a, u32 count) {
    const u32 n = count % kWidth<T>;
    const T r = static_cast<T>(u64{a} << n | u64{a} >> ((kWidth<T> - n) % kWidth<T>));
    const bool cf = r & 1;
    f.set_carry_overflow(cf, top_bit(r) != cf);
    return r;
  }
};
struct Ror {
  template <class T>
  static T apply(LazyFlags& f, T a, u32 count) {
    const u32 n = count % kWidth<T>;
    const T r = static_cast<T>(u64{a} >> n | u64{a} << ((kWidth<T> - n) % kWidth<T>));
    const bool cf = top_bit(r);
    f.set_carry_overflow(cf, cf != ((r >> (kWidth<T> - 2)) & 1));
    return r;
  }
};
// Rotates of width + 1 bits, CF on top.
struct Rcl {
  template <class T>
  static T apply(LazyFlags& f, T a, u32 count) {
    constexpr u32 kRing = kWidth<T> + 1;
    const u32 n = count % kRing;
    if (n == 0) return unchanged(f, a);
    const u64 ring = u64{f.carry()} << kWidth<T> | a;
    const u64 turned = ring << n | ring >> (kRing - n);
    const T r = static_cast<T>(turned);
    const bool cf = (turned >> kWidth<T>)&1;
    f.set_carry_overflow(cf, top_bit(r) != cf);
    return r;
  }
  template <class T>
  static T unchanged(LazyFlags& f, T a) {
    f.set_carry_overflow(f.carry(), top_bit(a) != (f.carry() != 0));
    return a;
  }
};
struct Rcr {
  template <class T>
  static T apply(LazyFlags& f, T a, u32 count) {
    constexpr u32 kRing = kWidth<T> + 1;
    const u32 n = count % kRing;
    const u64 ring = u64{f.carry()} << kWidth<T> | a;
    const u64 turned = n == 0 ? ring : ring >> n | ring << (kRing - n);
    const T r = static_cast<T>(turned);
    f.set_carry_overflow((turned >> kWidth<T>)&1, top_bit(r) != ((r >> (kWidth<T> - 2)) & 1));
    return r;
  }
};

}  // namespace operation

struct Shl : ShiftBy<operation::Shl> {};
struct Shr : ShiftBy<operation::Shr> {};
struct Sar : ShiftBy<operation::Sar> {};
struct Rol : ShiftBy<operation::Rol> {};
struct Ror : ShiftBy<operation::Ror> {};
struct Rcl : ShiftBy<operation::Rcl> {};
struct Rcr : ShiftBy<operation::Rcr> {};

// Operation: T apply(LazyFlags&, T destination, T source, u32 count), count 1 to 31.
template <class Operation>
struct DoubleShift {
  template <class Mode, class D, class S, class N>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    u8 count;
    N::read(c, i, count);
    count &= 31;
    T a, b;
    typename D::Place place;
    S::read(c, i, b);
    if (!D::open(c, i, place, a)) return Mode::kMiss;
    D::close(c, i, place, count == 0 ? a : Operation::template apply<T>(c.lazy, a, b, count));
    return Outcome::kNext;
  }
};

namespace operation {

struct Shld {
  template <class T>
  static T apply(LazyFlags& f, T a, T b, u32 count) {
    // 32 bits: a:b. 16 bits: a:b:a, so that counts above 16 find something.
    T r;
    bool cf;
    if constexpr (sizeof(T) == 4) {
      const u64 wide = u64{a} << 32 | b;
      r = static_cast<T>(wide << count >> 32);
      cf = (a >> (32 - count)) & 1;
    } else {
      const u64 wide = u64{a} << 32 | u64{b} << 16 | a;
      r = static_cast<T>(wide << count >> 32);
      cf = (wide >> (48 - count)) & 1;
    }
    f.set_result_carry_overflow<T>(r, cf, top_bit(r) != cf);
    return r;
  }
};
struct Shrd {
  template <class T>
  static T apply(LazyFlags& f, T a, T b, u32 count) {
    u64 wide;
    if constexpr (sizeof(T) == 4)
      wide = u64{b} << 32 | a;
    else
      wide = u64{a} << 32 | u64{b} << 16 | a;
    const T r = static_cast<T>(wide >> count);
    const bool cf = (wide >> (count - 1)) & 1;
    f.set_result_carry_overflow<T>(r, cf, top_bit(r) != ((r >> (kWidth<T> - 2)) & 1));
    return r;
  }
};

}  // namespace operation

struct Shld : DoubleShift<operation::Shld> {};
struct Shrd : DoubleShift<operation::Shrd> {};

}  // namespace paemu::semantic
