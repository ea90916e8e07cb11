// The control and status word of x87 and WAIT, with quick forms for while the state is lent (cpu/host_fpu.hpp).
// Compiled code changes the control word around each conversion to an integer.
#pragma once

#include "cpu/host_fpu.hpp"
#include "cpu/rm_operand.hpp"

namespace paemu {

// A control word as the unit holds it: reserved bits as they read (SDM 1, figure 8-6).
inline constexpr u16 kX87ControlKept = 0x1f3f, kX87ControlSet = 0x40;
inline u16 x87_control_word(u32 word) { return static_cast<u16>((word & kX87ControlKept) | kX87ControlSet); }

// Sets the control word; exceptions that it unmasks become pending.
void set_x87_control(Cpu& cpu, u16 word);

namespace semantic {

// Fast forms are for lent state only: then the unit is available, and no exception is pending.
template <class Mode>
bool x87_lent(const Cpu& c) {
  return !Mode::kFast || (c.lent_fpu & lent::kAnyX87);
}

struct Fldcw {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!x87_lent<Mode>(c)) return Outcome::kSlow;
    if (!Mode::kFast && (!x87_available(c) || !no_pending_fpu_error(c))) return Outcome::kFault;
    if constexpr (Rm::kIsMemory) {
      u16 word;
      if (!Rm::load(c, i, word)) return Mode::kMiss;
      set_x87_control(c, x87_control_word(word));
    }
    return Outcome::kNext;
  }
};

struct Fnstcw {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!x87_lent<Mode>(c)) return Outcome::kSlow;
    if (!Mode::kFast && !x87_available(c)) return Outcome::kFault;
    if constexpr (Rm::kIsMemory) {
      if (!Rm::store(c, i, c.state.fpu.control)) return Mode::kMiss;
    }
    return Outcome::kNext;
  }
};

// FNSTSW to memory or AX.
struct Fnstsw {
  template <class Mode, class Rm>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!x87_lent<Mode>(c)) return Outcome::kSlow;
    if (!Mode::kFast && !x87_available(c)) return Outcome::kFault;
    if constexpr (Rm::kIsMemory) {
      if (!Rm::store(c, i, x87_status(c))) return Mode::kMiss;
    } else {
      c.set_reg<u16>(isa::kEax, x87_status(c));
    }
    return Outcome::kNext;
  }
};

struct Fwait {
  template <class Mode, class>
  static Outcome run(Cpu& c, const Insn&) {
    if (Mode::kFast) return x87_lent<Mode>(c) ? Outcome::kNext : Outcome::kSlow;
    constexpr u32 kBoth = cr0::kMonitorCoprocessor | cr0::kTaskSwitched;
    if ((c.state.cr0 & kBoth) == kBoth) return c.raise(Vector::kDeviceNotAvailable);
    return no_pending_fpu_error(c) ? Outcome::kNext : Outcome::kFault;
  }
};

}  // namespace semantic
}  // namespace paemu
