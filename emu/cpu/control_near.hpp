// Near jumps, calls and returns, PUSH, POP, LEAVE (SDM 2).
//
// Relative branches (BRANCH rows) return kBranch when taken and kNext when not; the engine computes the target with
// branch_target(). The others set state.eip and return kBranch.
#pragma once

#include "cpu/operands.hpp"

namespace paemu::semantic {

// The address after instruction `i`, from the engine's position: fast forms do not keep state.eip.
inline u32 eip_after(const Cpu& c, const Insn& i) { return c.position.eip + i.offset + i.length; }

// EIP is truncated to 16 bits by a 16-bit operand size (SDM 2A, Jcc).
inline u32 truncate_eip(const Insn& i, u32 eip) { return (i.flags & isa::insn_flag::kOperand16) ? eip & 0xffff : eip; }
inline u32 branch_target(const Cpu& c, const Insn& i) { return truncate_eip(i, eip_after(c, i) + i.immediate); }

template <u32 Code>
struct Jump {
  template <class Mode>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!condition<Code>(c.lazy)) return Outcome::kNext;
    return Mode::target_allowed(c, branch_target(c, i)) ? Outcome::kBranch : Mode::kMiss;
  }
};

struct JumpNear {
  template <class Mode>
  static Outcome run(Cpu& c, const Insn& i) {
    return Mode::target_allowed(c, branch_target(c, i)) ? Outcome::kBranch : Mode::kMiss;
  }
};

struct CallNear {
  template <class Mode>
  static Outcome run(Cpu& c, const Insn& i) {
    if (!Mode::target_allowed(c, branch_target(c, i))) return Mode::kMiss;
    const bool pushed = (i.flags & isa::insn_flag::kOperand16)
                            ? Mode::template push<u16>(c, static_cast<u16>(eip_after(c, i)))
                            : Mode::template push<u32>(c, eip_after(c, i));
    return pushed ? Outcome::kBranch : Mode::kMiss;
  }
};

// LOOP, LOOPE, LOOPNE, JECXZ: the counter is CX or ECX by the address size. Kind: what is asked besides the counter.
enum class LoopKind : u8 { kPlain, kWhileZero, kWhileNotZero, kJumpIfCounterZero };
template <LoopKind Kind>
struct Loop {
  template <class Mode>
  static Outcome run(Cpu& c, const Insn& i) {
    const bool counter16 = i.flags & isa::insn_flag::kAddress16;
    u32 count = counter16 ? c.reg<u16>(isa::kEcx) : c.state.gpr[isa::kEcx];
    bool taken = count == 0;
    if constexpr (Kind != LoopKind::kJumpIfCounterZero) {
      --count;
      if (counter16) count &= 0xffff;
      taken = count != 0;
      if constexpr (Kind == LoopKind::kWhileZero) taken &= c.lazy.zero() != 0;
      if constexpr (Kind == LoopKind::kWhileNotZero) taken &= c.lazy.zero() == 0;
    }
    if (taken && !Mode::target_allowed(c, branch_target(c, i))) return Mode::kMiss;
    if constexpr (Kind != LoopKind::kJumpIfCounterZero) {
      if (counter16)
        c.set_reg<u16>(isa::kEcx, static_cast<u16>(count));
      else
        c.state.gpr[isa::kEcx] = count;
    }
    return taken ? Outcome::kBranch : Outcome::kNext;
  }
};
using LoopPlain = Loop<LoopKind::kPlain>;
using LoopWhileZero = Loop<LoopKind::kWhileZero>;
using LoopWhileNotZero = Loop<LoopKind::kWhileNotZero>;
using JumpIfCounterZero = Loop<LoopKind::kJumpIfCounterZero>;

struct CallIndirect {
  static constexpr bool kUsesStack = true;
  template <class Mode, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename S::Type;
    T target;
    if (!S::read(c, i, target)) return Mode::kMiss;
    if (!Mode::target_allowed(c, target)) return Mode::kMiss;
    if (!Mode::template push<T>(c, static_cast<T>(eip_after(c, i)))) return Mode::kMiss;
    c.state.eip = target;
    return Outcome::kBranch;
  }
};

struct JumpIndirect {
  static constexpr bool kUsesStack = true;
  template <class Mode, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    typename S::Type target;
    if (!S::read(c, i, target)) return Mode::kMiss;
    if (!Mode::target_allowed(c, target)) return Mode::kMiss;
    c.state.eip = target;
    return Outcome::kBranch;
  }
};

// A: eAX, for the operand size only.
struct RetNear {
  static constexpr bool kUsesStack = true;
  template <class Mode, class A>
  static Outcome run(Cpu& c, const Insn&) {
    return leave<Mode, typename A::Type>(c, 0);
  }
  template <class Mode, class I, class A>
  static Outcome run(Cpu& c, const Insn& i) {
    return leave<Mode, typename A::Type>(c, i.immediate);
  }

 private:
  template <class Mode, class T>
  static Outcome leave(Cpu& c, u32 release) {
    const u32 esp = c.state.gpr[isa::kEsp];
    T target;
    if (!Mode::template pop<T>(c, target)) return Mode::kMiss;
    if (!Mode::target_allowed(c, target)) {
      c.state.gpr[isa::kEsp] = esp;
      return Mode::kMiss;
    }
    if constexpr (Mode::kFast)
      c.state.gpr[isa::kEsp] += release;
    else
      c.set_stack_pointer(c.stack_pointer() + release);
    c.state.eip = target;
    return Outcome::kBranch;
  }
};

struct Push {
  static constexpr bool kUsesStack = true;
  template <class Mode, class S>
  static Outcome run(Cpu& c, const Insn& i) {
    using T = typename S::Type;
    T v;
    if (!S::read(c, i, v)) return Mode::kMiss;
    return Mode::template push<T>(c, v) ? Outcome::kNext : Mode::kMiss;
  }
};

// To a register only. POP ESP: the popped value wins over the increment.
struct Pop {
  static constexpr bool kUsesStack = true;
  template <class Mode, class D>
  static Outcome run(Cpu& c, const Insn& i) {
    typename D::Type v;
    if (!Mode::pop(c, v)) return Mode::kMiss;
    D::write(c, i, v);
    return Outcome::kNext;
  }
};

// A: eAX, for the operand size only.
struct Leave {
  static constexpr bool kUsesStack = true;
  template <class Mode, class A>
  static Outcome run(Cpu& c, const Insn&) {
    using T = typename A::Type;
    T v;
    const u32 frame = Mode::kFast ? c.state.gpr[isa::kEbp] : c.state.gpr[isa::kEbp] & c.stack_mask();
    if (!Mode::load_stack(c, frame, v)) return Mode::kMiss;
    c.set_stack_pointer(frame + static_cast<u32>(sizeof(T)));
    c.set_reg<T>(isa::kEbp, v);
    return Outcome::kNext;
  }
};

}  // namespace paemu::semantic
