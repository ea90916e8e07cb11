// ADD to CMP, TEST, NOT, NEG, INC, DEC (SDM 2). Operation structs compute; the shapes around them move operands.
#pragma once

#include "cpu/operands.hpp"

namespace paemu::semantic {

// Destination and source, both read; destination written.
template <class Operation>
struct Modify {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    T a, b;
    typename D::Place place;
    if (!S::read(c, i, b)) return Mode::kMiss;
    if (!D::open(c, i, place, a)) return Mode::kMiss;
    D::close(c, i, place, Operation::template apply<T>(c.lazy, a, b));
    return Outcome::kNext;
  }
};
// Both read, only flags written.
template <class Operation>
struct Compare {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    T a, b;
    if (!S::read(c, i, b)) return Mode::kMiss;
    if (!D::read(c, i, a)) return Mode::kMiss;
    Operation::template apply<T>(c.lazy, a, b);
    return Outcome::kNext;
  }
};
// One operand, read and written.
template <class Operation>
struct ModifyOne {
  template <class Mode, class D>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    T a;
    typename D::Place place;
    if (!D::open(c, i, place, a)) return Mode::kMiss;
    D::close(c, i, place, Operation::template apply<T>(c.lazy, a));
    return Outcome::kNext;
  }
};

namespace operation {

struct Add {
  template <class T>
  static T apply(LazyFlags& f, T a, T b) {
    const u64 wide = u64{a} + b;
    f.set_arithmetic<T>(a, b, wide);
    return static_cast<T>(wide);
  }
};
struct Adc {
  template <class T>
  static T apply(LazyFlags& f, T a, T b) {
    const u64 wide = u64{a} + b + f.carry();
    f.set_arithmetic<T>(a, b, wide);
    return static_cast<T>(wide);
  }
};
struct Sub {
  template <class T>
  static T apply(LazyFlags& f, T a, T b) {
    const u64 wide = u64{a} - b;
    f.set_arithmetic<T>(a, b, wide);
    return static_cast<T>(wide);
  }
};
struct Sbb {
  template <class T>
  static T apply(LazyFlags& f, T a, T b) {
    const u64 wide = u64{a} - b - f.carry();
    f.set_arithmetic<T>(a, b, wide);
    return static_cast<T>(wide);
  }
};
struct And {
  template <class T>
  static T apply(LazyFlags& f, T a, T b) {
    const T r = a & b;
    f.set_logic<T>(r);
    return r;
  }
};
struct Or {
  template <class T>
  static T apply(LazyFlags& f, T a, T b) {
    const T r = a | b;
    f.set_logic<T>(r);
    return r;
  }
};
struct Xor {
  template <class T>
  static T apply(LazyFlags& f, T a, T b) {
    const T r = a ^ b;
    f.set_logic<T>(r);
    return r;
  }
};
struct Not {
  template <class T>
  static T apply(LazyFlags&, T a) {
    return static_cast<T>(~a);
  }
};
struct Neg {
  template <class T>
  static T apply(LazyFlags& f, T a) {
    return Sub::apply<T>(f, 0, a);
  }
};
struct Inc {
  template <class T>
  static T apply(LazyFlags& f, T a) {
    const u64 wide = u64{a} + 1;
    f.set_step<T>(a, 1, wide);
    return static_cast<T>(wide);
  }
};
struct Dec {
  template <class T>
  static T apply(LazyFlags& f, T a) {
    const u64 wide = u64{a} - 1;
    f.set_step<T>(a, 1, wide);
    return static_cast<T>(wide);
  }
};

}  // namespace operation

struct Add : Modify<operation::Add> {};
struct Or : Modify<operation::Or> {};
struct Adc : Modify<operation::Adc> {};
struct Sbb : Modify<operation::Sbb> {};
struct And : Modify<operation::And> {};
struct Sub : Modify<operation::Sub> {};
struct Xor : Modify<operation::Xor> {};
struct Cmp : Compare<operation::Sub> {};
struct Test : Compare<operation::And> {};
struct Not : ModifyOne<operation::Not> {};
struct Neg : ModifyOne<operation::Neg> {};
struct Inc : ModifyOne<operation::Inc> {};
struct Dec : ModifyOne<operation::Dec> {};

}  // namespace paemu::semantic
