// PushFrame: pushes on a stack that may not be the current one, for gates, interrupts and task switches.
//
// Registers change only when the caller commits the new stack pointer. A caller first asks for room() and writable(),
// so that it finds out in the manual's order which fault there is, and pushes nothing when not all can be pushed.
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

  // Do the next `count` pushes stay within the limit? False: #SS.
  [[nodiscard]] bool room(u32 count, OperandSize size) {
    const u32 bytes = bytes_of(size);
    for (u32 n = 1; n <= count; ++n) {
      if (fits((pointer_ - n * bytes) & mask(), bytes)) continue;
      cpu_.raise(Vector::kStackFault, stack_error_);
      return false;
    }
    return true;
  }

  // May the next `count` places be written? False: the page fault of the first that may not.
  [[nodiscard]] bool writable(u32 count, OperandSize size) {
    const u32 bytes = bytes_of(size);
    u32 known = 0;  // a byte of the page that was asked for last
    for (u32 n = 1; n <= count; ++n) {
      const u32 linear = stack_.base + ((pointer_ - n * bytes) & mask());
      const u32 last = linear + bytes - 1;
      if (n > 1 && ((linear ^ known) & ~kPageMask) == 0 && ((last ^ known) & ~kPageMask) == 0) continue;
      known = linear;
      if (cpu_.mmu.host_pointer(linear, bytes, Access::kWrite, privilege_) != nullptr) continue;
      if (cpu_.mmu.probe(linear, bytes, Access::kWrite, privilege_)) continue;
      cpu_.fault = cpu_.mmu.fault();
      return false;
    }
    return true;
  }

  [[nodiscard]] bool push(u32 value, OperandSize size) {
    const u32 bytes = bytes_of(size);
    const u32 to = (pointer_ - bytes) & mask();
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
    pointer_ = (pointer_ & ~mask()) | to;
    return true;
  }

  // ESP after the pushes: the upper half is kept on a 16-bit stack.
  u32 pointer() const { return pointer_; }

 private:
  static u32 bytes_of(OperandSize size) { return size == OperandSize::k32 ? 4 : 2; }
  u32 mask() const { return (stack_.attributes & segment_attribute::kDefaultBig) ? ~0u : 0xffffu; }
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
