// Far RET and IRET (SDM 2A and 2B; SDM 3A, 5.8.6, 6.12, 7.4 and 20.2).
#include "cpu/cpu.hpp"
#include "cpu/far_transfer.hpp"
#include "cpu/segmentation.hpp"
#include "cpu/task_switch.hpp"
#include "cpu/virtual8086.hpp"

namespace paemu {

namespace {

u32 width_of(OperandSize size) { return size == OperandSize::k32 ? 4 : 2; }

// Reads the stack upwards without moving the stack pointer.
class StackReader {
 public:
  StackReader(Cpu& cpu, OperandSize size) : cpu_(cpu), size_(size) {}

  [[nodiscard]] bool next(u32& out) {
    const u32 at = (cpu_.stack_pointer() + taken_) & cpu_.stack_mask();
    taken_ += width_of(size_);
    if (size_ == OperandSize::k32) return cpu_.load(isa::kSs, at, out);
    u16 half;
    if (!cpu_.load(isa::kSs, at, half)) return false;
    out = half;
    return true;
  }
  [[nodiscard]] bool selector(u16& out) {
    u32 wide;
    if (!next(wide)) return false;
    out = static_cast<u16>(wide);
    return true;
  }
  void skip(u32 bytes) { taken_ += bytes; }
  u32 taken() const { return taken_; }

 private:
  Cpu& cpu_;
  OperandSize size_;
  u32 taken_ = 0;
};

// The code segment to return to, with the checks that RET and IRET share.
bool check_return_code(Cpu& cpu, u16 selector, Descriptor& code) {
  if (null_selector(selector)) {
    cpu.raise(Vector::kGeneralProtection, 0);
    return false;
  }
  if (!read_descriptor(cpu, selector, code, Vector::kGeneralProtection)) return false;
  const u32 rpl = rpl_of(selector);
  const bool wrong = !code.code() || rpl < cpu.cpl || (code.conforming() ? code.dpl() > rpl : code.dpl() != rpl);
  if (wrong) {
    cpu.raise(Vector::kGeneralProtection, selector_error(selector));
    return false;
  }
  if (!code.present()) {
    cpu.raise(Vector::kSegmentNotPresent, selector_error(selector));
    return false;
  }
  return true;
}

// ESP, or only SP when the stack is a 16-bit one.
void set_stack(Cpu& cpu, const Segment& stack, u32 pointer) {
  u32& esp = cpu.state.gpr[isa::kEsp];
  cpu.state.segment[isa::kSs] = stack;
  esp = (stack.attributes & segment_attribute::kDefaultBig) ? pointer : (esp & 0xffff0000) | (pointer & 0xffff);
}

// The common end of RET and IRET in protected mode. `flags` is written when not null, with the rights of the old CPL.
// release: parameter bytes to drop on both stacks.
Outcome return_protected(Cpu& cpu, StackReader& stack, u16 selector, u32 eip, u32 release, const u32* flags,
                         void (*write_flags)(Cpu&, u32)) {
  Descriptor code;
  if (!check_return_code(cpu, selector, code)) return Outcome::kFault;
  const u32 rpl = rpl_of(selector);
  stack.skip(release);

  if (rpl == cpu.cpl) {
    if (eip > code.limit()) return cpu.general_protection(0);
    if (!mark_accessed(cpu, selector, code)) return Outcome::kFault;
    cpu.set_stack_pointer(cpu.stack_pointer() + stack.taken());
    cpu.state.segment[isa::kCs] = code.segment(selector);
    cpu.state.eip = eip;
    if (flags != nullptr) write_flags(cpu, *flags);
    cpu.update_mode();
    return Outcome::kBranch;
  }

  u32 esp;
  u16 ss;
  Descriptor outer;
  if (!stack.next(esp) || !stack.selector(ss)) return Outcome::kFault;
  if (!check_stack_segment(cpu, ss, rpl, Vector::kGeneralProtection, outer)) return Outcome::kFault;
  if (eip > code.limit()) return cpu.general_protection(0);
  if (!mark_accessed(cpu, selector, code) || !mark_accessed(cpu, ss, outer)) return Outcome::kFault;

  if (flags != nullptr) write_flags(cpu, *flags);  // while CPL is still the inner one
  cpu.state.segment[isa::kCs] = code.segment(selector);
  cpu.state.eip = eip;
  set_stack(cpu, outer.segment(ss), esp + release);
  drop_privileged_segments(cpu, rpl);
  cpu.update_mode();
  return Outcome::kBranch;
}

// --- IRET.

constexpr u32 kIretFlags = eflag::kArithmetic | eflag::kTrap | eflag::kDirection | eflag::kNestedTask;

// What IRET may change: IF needs CPL <= IOPL, IOPL needs CPL 0 (SDM 2A, IRET).
u32 iret_mask(const Cpu& cpu, OperandSize size) {
  u32 mask = kIretFlags;
  if (size == OperandSize::k32) mask |= eflag::kResume | eflag::kAlignmentCheck | eflag::kId;
  if (cpu.cpl <= cpu.iopl()) mask |= eflag::kInterrupt;
  if (cpu.cpl == 0) mask |= eflag::kIopl;
  if (cpu.cpl == 0 && size == OperandSize::k32) mask |= eflag::kVirtualInterrupt | eflag::kVirtualInterruptPending;
  return mask;
}

void write_flags_masked(Cpu& cpu, u32 flags, u32 mask) {
  cpu.set_flags((cpu.flags() & ~mask) | (flags & mask));
  cpu.request_attention();  // IF, TF or RF may be new
}

void write_iret_flags32(Cpu& cpu, u32 flags) { write_flags_masked(cpu, flags, iret_mask(cpu, OperandSize::k32)); }
void write_iret_flags16(Cpu& cpu, u32 flags) { write_flags_masked(cpu, flags, iret_mask(cpu, OperandSize::k16)); }

// Real mode, and virtual-8086 mode with IOPL 3.
Outcome interrupt_return_real(Cpu& cpu, OperandSize size) {
  StackReader stack(cpu, size);
  u32 eip, flags;
  u16 cs;
  if (!stack.next(eip) || !stack.selector(cs) || !stack.next(flags)) return Outcome::kFault;
  if (eip > cpu.state.segment[isa::kCs].limit) return cpu.general_protection(0);
  cpu.set_stack_pointer(cpu.stack_pointer() + stack.taken());
  u32 mask = kIretFlags | eflag::kInterrupt;
  if (!cpu.virtual8086()) mask |= eflag::kIopl;
  if (size == OperandSize::k32) mask |= eflag::kResume | eflag::kAlignmentCheck | eflag::kId;
  write_flags_masked(cpu, flags, mask);
  set_code_segment_real(cpu, cs, eip);
  return Outcome::kBranch;
}

// Virtual-8086 mode below IOPL 3 with CR4.VME: IRET of 16 bits, VIF for IF.
Outcome interrupt_return_virtual(Cpu& cpu) {
  StackReader stack(cpu, OperandSize::k16);
  u32 eip, flags;
  u16 cs;
  if (!stack.next(eip) || !stack.selector(cs) || !stack.next(flags)) return Outcome::kFault;
  if (eip > cpu.state.segment[isa::kCs].limit) return cpu.general_protection(0);
  if (!set_flags_of_task(cpu, flags)) return Outcome::kFault;
  cpu.set_stack_pointer(cpu.stack_pointer() + stack.taken());
  set_code_segment_real(cpu, cs, eip);
  return Outcome::kBranch;
}

// SDM 3A, 20.2.2.
Outcome return_to_virtual8086(Cpu& cpu, StackReader& stack, u16 cs, u32 eip, u32 flags) {
  u32 esp;
  u16 selector[6];  // ss, es, ds, fs, gs in stack order
  if (!stack.next(esp)) return Outcome::kFault;
  for (u32 i = 0; i < 5; ++i) {
    if (!stack.selector(selector[i])) return Outcome::kFault;
  }
  if (eip > 0xffff) return cpu.general_protection(0);
  cpu.set_flags(flags &
                (kIretFlags | eflag::kInterrupt | eflag::kIopl | eflag::kResume | eflag::kAlignmentCheck | eflag::kId |
                 eflag::kVirtual8086 | eflag::kVirtualInterrupt | eflag::kVirtualInterruptPending));
  constexpr isa::SegmentRegister kOrder[5] = {isa::kSs, isa::kEs, isa::kDs, isa::kFs, isa::kGs};
  for (u32 i = 0; i < 5; ++i) load_segment_real(cpu, kOrder[i], selector[i]);
  cpu.state.gpr[isa::kEsp] = esp;
  set_code_segment_real(cpu, cs, eip);
  cpu.request_attention();
  return Outcome::kBranch;
}

}  // namespace

Outcome far_return(Cpu& cpu, OperandSize size, u16 release) {
  StackReader stack(cpu, size);
  u32 eip;
  u16 cs;
  if (!stack.next(eip) || !stack.selector(cs)) return Outcome::kFault;
  if (cpu.protected_mode() && !cpu.virtual8086()) {
    return return_protected(cpu, stack, cs, eip, release, nullptr, nullptr);
  }
  if (eip > cpu.state.segment[isa::kCs].limit) return cpu.general_protection(0);
  cpu.set_stack_pointer(cpu.stack_pointer() + stack.taken() + release);
  set_code_segment_real(cpu, cs, eip);
  return Outcome::kBranch;
}

Outcome interrupt_return(Cpu& cpu, OperandSize size, u32 next_eip) {
  cpu.state.nmi_blocked = false;  // whatever becomes of it (SDM 3A, 6.7.1)
  if (cpu.state.nmi_pending) cpu.request_attention();
  if (!cpu.protected_mode()) return interrupt_return_real(cpu, size);
  if (cpu.virtual8086()) {
    if (cpu.iopl() == 3) return interrupt_return_real(cpu, size);
    if (size == OperandSize::k16 && virtual_flag_in_virtual8086(cpu)) return interrupt_return_virtual(cpu);
    return cpu.general_protection(0);
  }
  if (cpu.state.eflags & eflag::kNestedTask) {
    u16 link;
    if (!cpu.load_linear(cpu.state.tr.base, link)) return Outcome::kFault;
    return switch_task(cpu, link, TaskSwitch::kReturn, next_eip);
  }
  StackReader stack(cpu, size);
  u32 eip, flags;
  u16 cs;
  if (!stack.next(eip) || !stack.selector(cs) || !stack.next(flags)) return Outcome::kFault;
  if (size == OperandSize::k32 && (flags & eflag::kVirtual8086) && cpu.cpl == 0) {
    return return_to_virtual8086(cpu, stack, cs, eip, flags);
  }
  return return_protected(cpu, stack, cs, eip, 0, &flags,
                          size == OperandSize::k32 ? write_iret_flags32 : write_iret_flags16);
}

}  // namespace paemu
