// The frame of every string instruction: REP, the index registers and the direction (SDM 2, REP; SDM 1, 7.3.9).
//
// Each iteration of a repeated instruction retires as one instruction. The loop stops at the engine's budget and when
// the engine must look at something (Cpu::attention); registers then stand between two iterations.
#pragma once

#include "cpu/semantics.hpp"

namespace paemu {

// The registers of a string instruction by its address size.
class StringRegisters {
 public:
  StringRegisters(Cpu& c, const Insn& i) : cpu_(c), mask_((i.flags & isa::insn_flag::kAddress16) ? 0xffffu : ~0u) {}

  u32 source() const { return cpu_.state.gpr[isa::kEsi] & mask_; }
  u32 destination() const { return cpu_.state.gpr[isa::kEdi] & mask_; }
  u32 count() const { return cpu_.state.gpr[isa::kEcx] & mask_; }
  void set_count(u32 v) { put(isa::kEcx, v); }
  void move_source(u32 distance) { put(isa::kEsi, source() + distance); }
  void move_destination(u32 distance) { put(isa::kEdi, destination() + distance); }
  u32 mask() const { return mask_; }
  // The distance from one element to the next.
  u32 step(u32 size) const { return (cpu_.state.eflags & eflag::kDirection) ? 0 - size : size; }

 private:
  void put(u32 n, u32 v) { cpu_.state.gpr[n] = (cpu_.state.gpr[n] & ~mask_) | (v & mask_); }
  Cpu& cpu_;
  u32 mask_;
};

enum class Iteration : u8 {
  kDone,
  kLast,   // done, and the repetition ends (CMPS, SCAS)
  kFault,  // nothing of this iteration happened
};

// one(): one iteration, without ECX. many(limit): up to `limit` iterations at once -> how many, 0 when it can't.
template <class One, class Many>
Outcome repeat(Cpu& c, const Insn& i, One&& one, Many&& many) {
  using namespace isa::insn_flag;
  if (!(i.flags & (kRep | kRepne))) return one() == Iteration::kFault ? Outcome::kFault : Outcome::kNext;
  StringRegisters r(c, i);
  u64 budget = c.budget_left();
  for (;;) {
    u32 left = r.count();
    if (left == 0) return Outcome::kEnd;
    u32 done = many(static_cast<u32>(left < budget ? left : budget));
    bool last = false;
    if (done == 0) {
      const Iteration result = one();
      if (result == Iteration::kFault) return Outcome::kFault;
      last = result == Iteration::kLast;
      done = 1;
    }
    left -= done;
    budget -= done;
    r.set_count(left);
    if (left == 0 || last) {
      c.position.retired += done - 1;  // the engine counts the last one
      return Outcome::kEnd;
    }
    c.position.retired += done;
    if (budget == 0 || c.attention) return Outcome::kRepeat;
  }
}

}  // namespace paemu
