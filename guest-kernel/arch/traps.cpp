// Dispatch of everything that enters through the trampoline.
#include "arch/traps.hpp"

#include "abi/ports.hpp"
#include "arch/cpu.hpp"
#include "arch/descriptors.hpp"
#include "arch/pic.hpp"
#include "arch/stack.hpp"
#include "arch/trampoline.hpp"
#include "base/port_io.hpp"
#include "lib/print.hpp"

namespace ido {

u32 user_return_work = 1;

namespace {

TrapHandler handlers[48];
TrapHandler system_call_handler = [](TrapFrame&) { panic("a system call came before there was a handler"); };
TrapHandler user_return_hook;

const char* const kNames[] = {"divide error",
                              "debug",
                              "NMI",
                              "breakpoint",
                              "overflow",
                              "BOUND range exceeded",
                              "invalid opcode",
                              "device not available",
                              "double fault",
                              "coprocessor overrun",
                              "invalid TSS",
                              "segment not present",
                              "stack fault",
                              "general protection",
                              "page fault",
                              "reserved",
                              "x87 error",
                              "alignment check",
                              "machine check",
                              "SIMD error"};

u32 address_of(const char* label) { return static_cast<u32>(reinterpret_cast<uintptr_t>(label)); }

// A fault of the trampoline's last instructions is the user's doing: a selector that can't be loaded, a frame that IRET
// refuses. The interrupted stack continues right after the three words that the processor pushed.
bool repair_exit(TrapFrame& frame) {
  const bool segment_fault = frame.vector >= vector::kSegmentNotPresent && frame.vector <= vector::kGeneralProtection;
  if (frame.from_user() || !segment_fault) return false;
  const char* const pops[][2] = {{exit_pop_gs, exit_pops_end},
                                 {sysexit_pop_gs, sysexit_pops_end},
                                 {debug_pop_gs, debug_pops_end},
                                 {nmi_pop_gs, nmi_pops_end}};
  for (const auto& range : pops) {
    if (frame.eip < address_of(range[0]) || frame.eip >= address_of(range[1])) continue;
    u32* selector = &frame.esp;  // what POP was about to take
    *selector = 0;
    return true;
  }
  for (const char* iret : {exit_iret, debug_iret, nmi_iret}) {
    if (frame.eip != address_of(iret)) continue;
    frame.eip = address_of(bad_iret);
    return true;
  }
  return false;
}

// Only the board can tell why (ISA, port 61h: bit 7 system error, bit 6 I/O channel check). The kernel goes on.
void non_maskable_interrupt() {
  static u32 count;
  constexpr u32 kMostReports = 8;
  if (++count > kMostReports) return;
  const u8 status = in8(abi::port::kSystemControlB);
  print("NMI %u: %s\n", count,
        status & 0x80   ? "system error"
        : status & 0x40 ? "I/O channel check"
                        : "no known reason");
}

[[noreturn]] void oops(const TrapFrame& frame, const char* name) {
  print_registers(frame);
  print_back_trace(frame.eip, frame.ebp);
  panic("%s in the kernel at %08x, error %x", name, frame.eip, frame.error);
}

void exception(TrapFrame& frame) {
  if (repair_exit(frame)) return;
  if (TrapHandler handler = handlers[frame.vector]; handler != nullptr) return handler(frame);
  const char* name = frame.vector < sizeof kNames / sizeof kNames[0] ? kNames[frame.vector] : "unknown exception";
  if (frame.from_user()) panic("%s in user mode at %08x, and nobody handles it", name, frame.eip);
  oops(frame, name);
}

}  // namespace

TrapHandler set_trap_handler(u32 vector, TrapHandler handler) {
  TrapHandler& slot = vector == vector::kSystemCall ? system_call_handler : handlers[vector];
  const TrapHandler old = slot;
  slot = handler;
  return old;
}
void set_user_return_hook(TrapHandler hook) { user_return_hook = hook; }

void prepare_user_return(TrapFrame& frame) {
  asm volatile("cli" : : : "memory");
  if (user_return_work != 0 && user_return_hook != nullptr) user_return_hook(frame);
  frame.cr3 = user_cr3;
}

}  // namespace ido

extern "C" void handle_trap(ido::TrapFrame* frame) {
  using namespace ido;
  if (frame->vector >= vector::kIrqBase) {
    dispatch_irq(*frame);
  } else if (frame->vector == vector::kNmi) {
    // Further NMIs wait for the IRET: no switch to other tasks, no signals. The frame has the way back.
    if (handlers[vector::kNmi] != nullptr) return handlers[vector::kNmi](*frame);
    return non_maskable_interrupt();
  } else {
    exception(*frame);
  }
  asm volatile("cli" : : : "memory");
  if (frame->from_user()) prepare_user_return(*frame);
}

// INT 80h. Only user code gets here.
extern "C" void handle_system_call(ido::TrapFrame* frame) {
  using namespace ido;
  asm volatile("sti" : : : "memory");
  system_call_handler(*frame);
  prepare_user_return(*frame);
}

// SYSENTER. True when SYSEXIT can go back: the frame is still the call's own, TF is not to be set, and the page tables
// are those of the entry (they change only with the program, and then the frame is a new one).
extern "C" bool handle_sysenter(ido::TrapFrame* frame) {
  using namespace ido;
  asm volatile("sti" : : : "memory");
  system_call_handler(*frame);
  asm volatile("cli" : : : "memory");
  if (user_return_work == 0 && frame->vector == vector::kSysenter) [[likely]]
    return true;
  prepare_user_return(*frame);
  return frame->vector == vector::kSysenter && (frame->eflags & eflags::kTrap) == 0;
}

extern "C" [[noreturn]] void handle_double_fault() {
  using namespace ido;
  const InterruptedState s = double_faulted_state();
  print("double fault: eip %04x:%08x eflags %08x cr3 %08x\n", s.cs, s.eip, s.eflags, s.cr3);
  print("  eax %08x ebx %08x ecx %08x edx %08x\n", s.eax, s.ebx, s.ecx, s.edx);
  print("  esi %08x edi %08x ebp %08x esp %04x:%08x cr2 %08x\n", s.esi, s.edi, s.ebp, s.ss, s.esp, read_cr2());
  print_back_trace(s.eip, s.ebp);
  panic("double fault: the kernel stack overflowed, or the trampoline is damaged");
}
