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
  // Pushed in pieces; so find out first whether any piece faults.
  for (u32 n = 1; n <= 8; ++n) {
    if (!c.may_access(isa::kSs, (sp - n * kSize) & mask, kSize, Access::kWrite)) return Outcome::kFault;
  }
  for (u32 n = 0; n < 8; ++n) {
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

// SDM 2A, ENTER: pushes EBP, copies level - 1 frame pointers, pushes the new frame pointer, reserves space. Gone
// through twice: first to find out whether an access faults, then in earnest, so that a fault finds memory as it was.
template <class T>
class Enter {
 public:
  Enter(Cpu& c, const Insn& i) : c_(c), level_(i.immediate2 & 31), room_(i.immediate), mask_(c.stack_mask()) {}

  Outcome run() {
    if (!pass(false) || !pass(true)) return Outcome::kFault;
    c_.set_reg<T>(isa::kEbp, static_cast<T>(frame_));
    c_.set_stack_pointer(sp_);
    return Outcome::kNext;
  }

 private:
  static constexpr u32 kSize = sizeof(T);

  bool pass(bool in_earnest) {
    sp_ = c_.stack_pointer();
    if (!push(c_.reg<T>(isa::kEbp), in_earnest)) return false;
    // ESP as a push leaves it: of a 16-bit stack with the upper half that it has.
    frame_ = (c_.state.gpr[isa::kEsp] & ~mask_) | sp_;
    u32 from = c_.state.gpr[isa::kEbp];
    for (u32 n = 1; n < level_; ++n) {
      from = (from - kSize) & mask_;
      T v;
      if (!c_.load<T>(isa::kSs, from, v) || !push(v, in_earnest)) return false;
    }
    if (level_ > 0 && !push(static_cast<T>(frame_), in_earnest)) return false;
    sp_ = (sp_ - room_) & mask_;
    // A write at the new stack pointer must be possible too.
    return may_write(sp_);
  }
  bool push(T v, bool in_earnest) {
    sp_ = (sp_ - kSize) & mask_;
    return in_earnest ? c_.store<T>(isa::kSs, sp_, v) : may_write(sp_);
  }
  bool may_write(u32 offset) { return c_.may_access(isa::kSs, offset, kSize, Access::kWrite); }

  Cpu& c_;
  const u32 level_, room_, mask_;
  u32 sp_ = 0, frame_ = 0;
};

}  // namespace

Outcome sem_pop_rm(Cpu& c, const Insn& i) { return operand16(i) ? pop_rm<u16>(c, i) : pop_rm<u32>(c, i); }
Outcome sem_pusha(Cpu& c, const Insn& i) { return operand16(i) ? pusha<u16>(c) : pusha<u32>(c); }
Outcome sem_popa(Cpu& c, const Insn& i) { return operand16(i) ? popa<u16>(c) : popa<u32>(c); }
Outcome sem_enter(Cpu& c, const Insn& i) { return operand16(i) ? Enter<u16>(c, i).run() : Enter<u32>(c, i).run(); }

}  // namespace paemu
