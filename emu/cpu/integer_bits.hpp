// BT, BTS, BTR, BTC, BSF, BSR (SDM 2). Flags left undefined stay, but for BSF and BSR: as Intel's, OF, SF, AF and CF
// clear.
#pragma once

#include "cpu/operands.hpp"

namespace paemu::semantic {

// Operation: u32 apply(u32 value, u32 mask). The bit number is taken modulo the operand's width.
template <class Operation>
struct BitModify {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    typename S::Type bit;
    T a;
    typename D::Place place;
    S::read(c, i, bit);
    if (!D::open(c, i, place, a)) return Mode::kMiss;
    const T mask = static_cast<T>(T{1} << (bit & (sizeof(T) * 8 - 1)));
    D::close(c, i, place, static_cast<T>(Operation::apply(a, mask)));
    c.lazy.set_carry((a & mask) != 0);
    return Outcome::kNext;
  }
};

struct Bt {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    typename S::Type bit;
    T a;
    S::read(c, i, bit);
    if (!D::read(c, i, a)) return Mode::kMiss;
    c.lazy.set_carry((a >> (bit & (sizeof(T) * 8 - 1))) & 1);
    return Outcome::kNext;
  }
};

namespace operation {
struct Bts {
  static u32 apply(u32 v, u32 mask) { return v | mask; }
};
struct Btr {
  static u32 apply(u32 v, u32 mask) { return v & ~mask; }
};
struct Btc {
  static u32 apply(u32 v, u32 mask) { return v ^ mask; }
};
}  // namespace operation

struct Bts : BitModify<operation::Bts> {};
struct Btr : BitModify<operation::Btr> {};
struct Btc : BitModify<operation::Btc> {};

// The memory operand of BTx Ev,Gv: the register holds a signed bit offset that reaches beyond the operand (SDM 2A, BT).
template <class T>
struct BitStringMemory {
  using Type = T;
  using Place = u32;
  static constexpr bool kIsMemory = true;
  static u32 address(const Cpu& c, const Insn& i) {
    const auto bit = static_cast<std::make_signed_t<T>>(c.reg<T>(i.reg));
    const i32 units = bit >> (sizeof(T) == 4 ? 5 : 4);
    const u32 a = c.effective_address(i) + static_cast<u32>(units) * static_cast<u32>(sizeof(T));
    return (i.flags & isa::insn_flag::kAddress16) ? a & 0xffff : a;
  }
  static bool read(Cpu& c, const Insn& i, T& v) { return c.load<T>(i.segment, address(c, i), v); }
  static bool open(Cpu& c, const Insn& i, Place& place, T& v) {
    place = address(c, i);
    return c.load_for_write<T>(i.segment, place, v);
  }
  static void close(Cpu& c, const Insn& i, Place place, T v) { c.store<T>(i.segment, place, v); }
};

template <class Scan>
struct BitScan {
  template <class Mode, class D, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename D::Type;
    T v;
    if (!S::read(c, i, v)) return Mode::kMiss;
    // A source of zero leaves the destination as it was (Intel's processors; the manual says undefined).
    c.lazy.set_logic<T>(v == 0 ? T{0} : T{1});
    if (v != 0) D::write(c, i, static_cast<T>(Scan::first(v)));
    return Outcome::kNext;
  }
};

namespace operation {
struct Lowest {
  static u32 first(u32 v) { return static_cast<u32>(__builtin_ctz(v)); }
};
struct Highest {
  static u32 first(u32 v) { return 31 - static_cast<u32>(__builtin_clz(v)); }
};
}  // namespace operation

struct Bsf : BitScan<operation::Lowest> {};
struct Bsr : BitScan<operation::Highest> {};

}  // namespace paemu::semantic
