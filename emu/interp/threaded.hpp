// Handlers: the semantics of cpu, wrapped for direct threading.
#pragma once

#include "cpu/control_near.hpp"
#include "interp/engine.hpp"

namespace paemu {

// Whether the FPU's state may be lent while a semantic runs (cpu/host_fpu.hpp).
enum class Fpu : u8 { kSettled, kMayBeLent };

// A PLAIN semantic: all state is exact around it.
template <Outcome (*Semantic)(Cpu&, const Insn&), Fpu kFpu>
const Insn* plain(Cpu& c, const Insn* i) {
  c.position.current = i;
  c.sync();
  if (kFpu == Fpu::kSettled) c.settle_fpu();
  switch (Semantic(c, *i)) {
    case Outcome::kNext:
      if (c.attention) [[unlikely]]
        return leave_after(c, i);
      return i + 1;
    case Outcome::kBranch: return leave(c, c.state.eip, retired_after(c, i));
    case Outcome::kRepeat: c.state.mid_repeat = true; return leave(c, eip_of(c, i), retired_before(c, i));
    case Outcome::kEnd: return leave_after(c, i);
    default:
      // EIP is the semantic's: a task switch may fault in the new task.
      c.engine->faulted = true;
      return leave(c, c.state.eip, retired_before(c, i));
  }
}

// The form of a semantic that can do everything.
template <class Semantic, class... Operands>
const Insn* slow(Cpu& c, const Insn* i) {
  c.position.current = i;
  const Outcome o = Semantic::template run<SlowMode, Operands...>(c, *i);
  if (o == Outcome::kNext) [[likely]] {
    if (c.attention) [[unlikely]]
      return leave_after(c, i);
    return i + 1;
  }
  if (o == Outcome::kBranch) {
    if (c.attention || !fast_mode(c.mode_key)) return leave(c, c.state.eip, retired_after(c, i));
    return dispatch(c, c.state.eip, retired_after(c, i));
  }
  return leave_faulted(c, i);
}

// The form for flat memory and registers. It makes no call but sibling calls, so the host's stack is not touched.
template <class Semantic, Handler Slow, class... Operands>
const Insn* fast(Cpu& c, const Insn* i) {
  const Outcome o = Semantic::template run<FastMode, Operands...>(c, *i);
  if (o == Outcome::kNext) [[likely]]
    PAEMU_CONTINUE(c, i + 1);
  if (o == Outcome::kBranch) return dispatch(c, c.state.eip, retired_after(c, i));
  if (o == Outcome::kFault) return leave_faulted(c, i);
  return Slow(c, i);
}

// A relative branch outside the fast mode, or of 16-bit operand size.
template <class Semantic>
const Insn* slow_branch(Cpu& c, const Insn* i) {
  c.position.current = i;
  const Outcome o = Semantic::template run<SlowMode>(c, *i);
  if (o == Outcome::kNext) {
    if (c.attention) [[unlikely]]
      return leave_after(c, i);
    return i + 1;
  }
  if (o == Outcome::kBranch) {
    const u32 target = semantic::branch_target(c, *i);
    if (c.attention || fast_mode(c.mode_key)) return leave(c, target, retired_after(c, i));
    return follow_in_segment(c, i, target, retired_after(c, i));
  }
  return leave_faulted(c, i);
}

// A relative branch in the fast mode, 32-bit operand size: linked to its target when that is in the same page.
template <class Semantic>
const Insn* fast_branch(Cpu& c, const Insn* i) {
  const Outcome o = Semantic::template run<FastMode>(c, *i);
  if (o == Outcome::kNext) PAEMU_CONTINUE(c, i + 1);
  if (o == Outcome::kBranch) [[likely]]
    return follow(c, i, semantic::branch_target(c, *i), retired_after(c, i));
  return slow_branch<Semantic>(c, i);
}

}  // namespace paemu
