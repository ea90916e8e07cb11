// Values: which guest registers are known to hold the same value, or one that differs by a constant.
//
// A block's accesses through one value reach places whose distance is known without running the code, although the
// registers on the way change: a frame by ESP and EBP, the fields of a structure. What is not known to keep a value is
// taken to lose it.
#pragma once

#include "isa/insn.hpp"

namespace paemu::jit {
using namespace base;

class Values {
 public:
  // What a register holds: a value that nobody knows, by its name, and what was added to it since.
  struct Held {
    u32 name = 0, added = 0;
    bool operator==(const Held&) const = default;
  };

  Values() { forget(); }
  // kNoRegister: the value that is always zero, whose name no register has.
  const Held& of(u8 reg) const { return held_[reg]; }
  // What `insn` leaves, if it goes on to the next instruction.
  void pass(const isa::Insn& insn);
  // Nothing is known any more.
  void forget() {
    for (u8 n = 0; n < 8; ++n) lose(n);
  }

 private:
  static constexpr u32 kZero = 0;

  void lose(u32 reg) { held_[reg & 7] = {++last_name_, 0}; }
  void add(u32 reg, u32 constant) { held_[reg].added += constant; }
  void lose_rm(const isa::Insn& i, bool byte);
  void pass_arithmetic(const isa::Insn& i);
  void pass_group(const isa::Insn& i);
  void pass_move(const isa::Insn& i);
  void pass_0f(const isa::Insn& i);

  Held held_[9];  // the last: of kNoRegister
  u32 last_name_ = kZero;
};

}  // namespace paemu::jit
