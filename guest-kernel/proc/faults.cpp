// Exceptions of user code: page faults go to mm, the rest become signals.
#include "proc/faults.hpp"

#include "arch/cpu.hpp"
#include "arch/interrupts.hpp"
#include "arch/traps.hpp"
#include "lib/print.hpp"
#include "mm/mm.hpp"
#include "proc/fpu.hpp"
#include "proc/process.hpp"
#include "proc/task.hpp"

namespace ido {

namespace {

// Bits of a page fault's error code (SDM 3A, 4.7).
constexpr u32 kWasPresent = 1, kWrite = 2, kUser = 4, kFetch = 16;

[[noreturn]] void kernel_fault(const TrapFrame& frame, const char* what, u32 address) {
  print("%s in the kernel, task %d (%s)\n", what, current()->tid, current()->name);
  print_registers(frame);
  print_back_trace(frame.eip, frame.ebp);
  panic("%s at %08x, address %08x, error %x", what, frame.eip, address, frame.error);
}

void page_fault(TrapFrame& frame) {
  const u32 address = read_cr2();
  if (!frame.from_user()) kernel_fault(frame, "page fault", address);
  current()->fault_address = address;
  asm volatile("sti" : : : "memory");
  const FaultAccess access = frame.error & kWrite   ? FaultAccess::kWrite
                             : frame.error & kFetch ? FaultAccess::kExecute
                                                    : FaultAccess::kRead;
  const auto bad = [&](i32 signal, i32 code) { force_signal({.number = signal, .code = code, .address = address}); };
  Mm* mm = current()->process->mm;
  if (address >= layout::kUserEnd) return bad(sig::kSegv, 1);
  switch (mm->handle_fault(address, access)) {
    case FaultResult::kDone: return;
    case FaultResult::kSegv: return bad(sig::kSegv, 1);                                      // SEGV_MAPERR
    case FaultResult::kProtection: return bad(sig::kSegv, 2);                                // SEGV_ACCERR
    case FaultResult::kBus: return bad(sig::kBus, 2);                                        // BUS_ADRERR
    case FaultResult::kNoMemory: return force_signal({.number = sig::kKill, .code = 0x80});  // it is the victim
  }
}

constexpr i32 kKernel = 0x80;  // SI_KERNEL

template <i32 Signal, i32 Code>
void raise(TrapFrame& frame) {
  if (!frame.from_user()) kernel_fault(frame, "exception", frame.vector);
  // As Linux has it, these two know of no address.
  constexpr bool kNowhere = Code == kKernel || Signal == sig::kBus;
  force_signal({.number = Signal, .code = Code, .address = kNowhere ? 0 : frame.eip});
}

template <fpu::Unit Unit>
void floating_point(TrapFrame& frame) {
  if (!frame.from_user()) kernel_fault(frame, "exception", frame.vector);
  force_signal({.number = sig::kFpe, .code = fpu::fault_code(*current(), Unit), .address = frame.eip});
}

// In the kernel: TF of user code that came in by SYSENTER, or a breakpoint of the user's that has the address of
// something of ours (4G/4G). Neither is the kernel's business.
void debug(TrapFrame& frame) {
  if (frame.from_user()) {
    const i32 code = trace::debug_exception(*current(), frame);
    return force_signal({.number = sig::kTrap, .code = code, .address = frame.eip});
  }
  if (frame.eflags & eflags::kTrap) {
    frame.eflags &= ~eflags::kTrap;
    current()->stepped_into_call = true;
    request_user_return_work();
  }
  frame.eflags |= eflags::kResume;
}

}  // namespace

void init_faults() {
  set_trap_handler(vector::kPageFault, page_fault);
  set_trap_handler(vector::kDivide, raise<sig::kFpe, 1>);  // FPE_INTDIV
  set_trap_handler(vector::kDebug, debug);
  set_trap_handler(vector::kBreakpoint, raise<sig::kTrap, kKernel>);
  set_trap_handler(vector::kOverflow, raise<sig::kSegv, kKernel>);
  set_trap_handler(vector::kBound, raise<sig::kSegv, kKernel>);
  set_trap_handler(vector::kInvalidOpcode, raise<sig::kIll, 2>);  // ILL_ILLOPN
  set_trap_handler(vector::kSegmentNotPresent, raise<sig::kBus, kKernel>);
  set_trap_handler(vector::kStackFault, raise<sig::kBus, kKernel>);
  set_trap_handler(vector::kGeneralProtection, raise<sig::kSegv, kKernel>);
  set_trap_handler(vector::kX87, floating_point<fpu::Unit::kX87>);
  set_trap_handler(vector::kAlignment, raise<sig::kBus, 1>);  // BUS_ADRALN
  set_trap_handler(vector::kSimd, floating_point<fpu::Unit::kSse>);
}

}  // namespace ido
