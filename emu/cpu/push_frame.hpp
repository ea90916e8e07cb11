// PushFrame: pushes on a stack that may not be the current one, for gates, interrupts and task switches.
//
// Registers change only when the caller commits the new stack pointer; bytes below the stack pointer may have been
// written when a later push faults, as on the real processor.
#pragma once

#include "cpu/cpu.hpp"
#include "cpu/far_transfer.hpp"
#include "cpu/segmentation.hpp"

namespace paemu {

class PushFrame {
 public:
  // stack_error: the error code of #SS when the stack's limit is passed (SDM 3A, 6.12.1: a new stack's selector).
  PushFrame(Cpu& cpu, const Segment& stack, u32 stack_pointer, u32 cpl, u32 stack_error)
      : cpu_(cpu),
        stack_(stack),
        pointer_(stack_pointer),
        stack_error_(stack_error),
        privilege_(cpl == 3 ? Privilege::kUser : Privilege::kSupervisor) {}

  // The current stack at the current privilege.
  static PushFrame current(Cpu& cpu, u32 stack_error) {
    return PushFrame(cpu, cpu.state.segment[isa::kSs], cpu.state.gpr[isa::kEsp], cpu.cpl, stack_error);
  }

  [[nodiscard]] bool push(u32 value, OperandSize size) {
    const u32 bytes = size == OperandSize::k32 ? 4 : 2;
    const u32 mask = (stack_.attributes & segment_attribute::kDefaultBig) ? ~0u : 0xffffu;
    const u32 to = (pointer_ - bytes) & mask;
    if (!fits(to, bytes)) {
      cpu_.raise(Vector::kStackFault, stack_error_);
      return false;
    }
    const u32 linear = stack_.base + to;
    const bool ok = size == OperandSize::k32 ? cpu_.mmu.store<u32>(linear, privilege_, value)
                                             : cpu_.mmu.store<u16>(linear, privilege_, static_cast<u16>(value));
    if (!ok) {
      cpu_.fault = cpu_.mmu.fault();
      return false;
    }
    pointer_ = (pointer_ & ~mask) | to;
    return true;
  }

  // ESP after the pushes: the upper half is kept on a 16-bit stack.
  u32 pointer() const { return pointer_; }

 private:
  bool fits(u32 offset, u32 bytes) const {
    const u32 last = offset + bytes - 1;
    if (last < offset) return false;
    if ((stack_.attributes & segment_attribute::kExpandDown) && !(stack_.attributes & segment_attribute::kCode)) {
      const u32 top = (stack_.attributes & segment_attribute::kDefaultBig) ? ~0u : 0xffffu;
      return offset > stack_.limit && last <= top;
    }
    return last <= stack_.limit;
  }

  Cpu& cpu_;
  const Segment stack_;
  u32 pointer_;
  u32 stack_error_;
  Privilege privilege_;
};

}  // namespace paemu
