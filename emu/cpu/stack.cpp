// POP to memory, PUSHA, POPA, ENTER (SDM 2). Each checks all its accesses before it changes a register.
#include "cpu/operand_size.hpp"
#include "cpu/semantics.hpp"

namespace paemu {
namespace {

template <class T>
Outcome pop_rm(Cpu& c, const Insn& i) {
  const u32 esp = c.state.gpr[isa::kEsp];
  T v;
  if (!c.pop(v)) return Outcome::kFault;
  // An address made with ESP uses its value after the increment (SDM 2B, POP).
  if (c.write_rm(i, v)) return Outcome::kNext;
  c.state.gpr[isa::kEsp] = esp;
  return Outcome::kFault;
}

template <class T>
Outcome pusha(Cpu& c) {
  constexpr u32 kSize = sizeof(T);
  const u32 mask = c.stack_mask(), sp = c.stack_pointer();
  u32 linear;
  // Pushed in pieces; so find out first whether any piece faults.
  for (u32 n = 1; n <= 8; ++n) {
    const u32 at = (sp - n * kSize) & mask;
    if (!c.linear_of(isa::kSs, at, kSize, Access::kWrite, linear)) return Outcome::kFault;
    if (!c.mmu.probe(linear, kSize, Access::kWrite, c.privilege())) {
      c.fault = c.mmu.fault();
      return Outcome::kFault;
    }
  }
  for (u32 n = 0; n < 8; ++n) {
    // Only the first can fail: misaligned, where that is checked.
    if (!c.store<T>(isa::kSs, (sp - (n + 1) * kSize) & mask, static_cast<T>(c.state.gpr[n]))) return Outcome::kFault;
  }
  c.set_stack_pointer(sp - 8 * kSize);
  return Outcome::kNext;
}

template <class T>
Outcome popa(Cpu& c) {
  constexpr u32 kSize = sizeof(T);
  const u32 mask = c.stack_mask(), sp = c.stack_pointer();
  T values[8];
  for (u32 n = 0; n < 8; ++n) {
    if (!c.load<T>(isa::kSs, (sp + n * kSize) & mask, values[n])) return Outcome::kFault;
  }
  // EDI is on top; the image's ESP is skipped.
  for (u32 n = 0; n < 8; ++n) {
    if (7 - n != isa::kEsp) c.set_reg<T>(7 - n, values[n]);
  }
  c.set_stack_pointer(sp + 8 * kSize);
  return Outcome::kNext;
}

// SDM 2A, ENTER: pushes EBP, copies level - 1 frame pointers, pushes the new frame pointer, reserves space.
template <class T>
Outcome enter(Cpu& c, const Insn& i) {
  constexpr u32 kSize = sizeof(T);
  const u32 level = i.immediate2 & 31, mask = c.stack_mask();
  u32 sp = c.stack_pointer();
  const auto push = [&](T v) {
    sp = (sp - kSize) & mask;
    return c.store<T>(isa::kSs, sp, v);
  };
  if (!push(c.reg<T>(isa::kEbp))) return Outcome::kFault;
  // ESP as a push leaves it: of a 16-bit stack with the upper half that it has.
  const u32 frame = (c.state.gpr[isa::kEsp] & ~mask) | sp;
  u32 from = c.state.gpr[isa::kEbp];
  for (u32 n = 1; n < level; ++n) {
    from = (from - kSize) & mask;
    T v;
    if (!c.load<T>(isa::kSs, from, v) || !push(v)) return Outcome::kFault;
  }
  if (level > 0 && !push(static_cast<T>(frame))) return Outcome::kFault;
  sp = (sp - i.immediate) & mask;
  // A write at the new stack pointer must be possible (SDM 2A, ENTER: "if a write using the final value ... fault").
  u32 linear;
  if (!c.linear_of(isa::kSs, sp, kSize, Access::kWrite, linear)) return Outcome::kFault;
  if (!c.mmu.probe(linear, kSize, Access::kWrite, c.privilege())) {
    c.fault = c.mmu.fault();
    return Outcome::kFault;
  }
  c.set_reg<T>(isa::kEbp, static_cast<T>(frame));
  c.set_stack_pointer(sp);
  return Outcome::kNext;
}

}  // namespace

Outcome sem_pop_rm(Cpu& c, const Insn& i) { return operand16(i) ? pop_rm<u16>(c, i) : pop_rm<u32>(c, i); }
Outcome sem_pusha(Cpu& c, const Insn& i) { return operand16(i) ? pusha<u16>(c) : pusha<u32>(c); }
Outcome sem_popa(Cpu& c, const Insn& i) { return operand16(i) ? popa<u16>(c) : popa<u32>(c); }
Outcome sem_enter(Cpu& c, const Insn& i) { return operand16(i) ? enter<u16>(c, i) : enter<u32>(c, i); }

}  // namespace paemu
