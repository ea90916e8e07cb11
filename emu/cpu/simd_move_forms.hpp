// Moves between XMM registers and memory as semantics with forms (SDM 2). The others are in simd_move.cpp.
#pragma once

#include "cpu/simd.hpp"

namespace paemu::semantic {

template <Alignment kAlignment>
struct LoadWhole {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    simd::Xmm v;
    if (!sse_ready<Mode>(c)) return Mode::kMiss;
    if constexpr (!Rm::kIsMemory)
      v = simd::get_xmm(c, i.rm);
    else if (!Rm::template load<kAlignment>(c, i, v))
      return Mode::kMiss;
    simd::set_xmm(c, i.reg, v);
    return Outcome::kNext;
  }
};

template <Alignment kAlignment>
struct StoreWhole {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!sse_ready<Mode>(c)) return Mode::kMiss;
    const simd::Xmm v = simd::get_xmm(c, i.reg);
    if constexpr (!Rm::kIsMemory)
      simd::set_xmm(c, i.rm, v);
    else if (!Rm::template store<kAlignment>(c, i, v))
      return Mode::kMiss;
    return Outcome::kNext;
  }
};

// A scalar from memory clears the rest of the register; from a register it leaves it.
template <class T>
struct LoadScalar {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!sse_ready<Mode>(c)) return Mode::kMiss;
    if constexpr (Rm::kIsMemory) {
      T v;
      if (!Rm::load(c, i, v)) return Mode::kMiss;
      simd::set_xmm(c, i.reg, simd::Xmm{static_cast<long long>(v), 0});
    } else {
      std::memcpy(c.state.fpu.xmm[i.reg], c.state.fpu.xmm[i.rm], sizeof(T));
    }
    return Outcome::kNext;
  }
};

template <class T>
struct StoreScalar {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!sse_ready<Mode>(c)) return Mode::kMiss;
    T v;
    std::memcpy(&v, c.state.fpu.xmm[i.reg], sizeof(T));
    if constexpr (!Rm::kIsMemory)
      std::memcpy(c.state.fpu.xmm[i.rm], &v, sizeof(T));
    else if (!Rm::store(c, i, v))
      return Mode::kMiss;
    return Outcome::kNext;
  }
};

// One half of a register, at byte kAt of it; memory only.
template <u32 kAt>
struct LoadHalf {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!sse_ready<Mode>(c)) return Mode::kMiss;
    if constexpr (Rm::kIsMemory) {
      u64 v;
      if (!Rm::load(c, i, v)) return Mode::kMiss;
      std::memcpy(c.state.fpu.xmm[i.reg] + kAt, &v, 8);
    }
    return Outcome::kNext;
  }
};

template <u32 kAt>
struct StoreHalf {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!sse_ready<Mode>(c)) return Mode::kMiss;
    if constexpr (Rm::kIsMemory) {
      u64 v;
      std::memcpy(&v, c.state.fpu.xmm[i.reg] + kAt, 8);
      if (!Rm::store(c, i, v)) return Mode::kMiss;
    }
    return Outcome::kNext;
  }
};

using movdqa_load = LoadWhole<Alignment::k16>;
using movdqu_load = LoadWhole<Alignment::kAny>;
using movdqa_store = StoreWhole<Alignment::k16>;
using movdqu_store = StoreWhole<Alignment::kAny>;
using movss_load = LoadScalar<u32>;
using movss_store = StoreScalar<u32>;
using movsd_load = LoadScalar<u64>;
using movsd_store = StoreScalar<u64>;
using movlps_load = LoadHalf<0>;
using movhps_load = LoadHalf<8>;
using movlps_store = StoreHalf<0>;
using movhps_store = StoreHalf<8>;

}  // namespace paemu::semantic
