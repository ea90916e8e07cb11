#include "cpu/exceptions.hpp"

#include "cpu/cpu.hpp"
#include "cpu/interrupt_delivery.hpp"

namespace paemu {

namespace {

// SDM 3A, table 6-4.
bool contributory(Vector v) {
  return v == Vector::kDivideError || (v >= Vector::kInvalidTss && v <= Vector::kGeneralProtection);
}

// SDM 3A, table 6-5: does a second fault while delivering the first make a double fault?
bool doubles(Vector first, Vector second) {
  if (first == Vector::kPageFault) return contributory(second) || second == Vector::kPageFault;
  return contributory(first) && contributory(second);
}

// Overflow and breakpoint are traps; debug exceptions set RF by themselves where they must (SDM 3A, table 6-1).
bool fault_class(Vector v) {
  return v != Vector::kDebug && v != Vector::kNmi && v != Vector::kBreakpoint && v != Vector::kOverflow &&
         v != Vector::kDoubleFault && v != Vector::kMachineCheck;
}

void shut_down(Cpu& cpu) {
  cpu.state.activity = Activity::kShutdown;
  cpu.request_attention();
}

// Everything that every delivery does, whatever the way.
void after_delivery(Cpu& cpu) {
  cpu.state.activity = Activity::kRunning;
  cpu.state.interrupt_shadow = false;
  cpu.state.pending_debug |= cpu.mmu.take_watch_hits();  // of the pushes: due after the handler's first instruction
  cpu.request_attention();
}

bool deliver_external(Cpu& cpu, u8 vector) {
  Delivery e;
  e.vector = vector;
  e.source = InterruptSource::kExternal;
  e.return_eip = cpu.state.eip;
  if (deliver(cpu, e)) {
    after_delivery(cpu);
  } else {
    deliver_fault(cpu);
  }
  return true;
}

}  // namespace

void deliver_fault(Cpu& cpu) {
  Fault fault = cpu.fault;
  cpu.settle();
  (void)cpu.mmu.take_watch_hits();  // of an instruction that did not complete
  for (;;) {
    if (fault.vector == Vector::kPageFault) cpu.state.cr2 = fault.address.value;
    if (fault.vector == Vector::kDebug) cpu.state.dr[7] &= ~debug::kGeneralDetect;  // SDM 3B, 17.2.4
    Delivery e;
    e.vector = static_cast<u8>(fault.vector);
    e.has_error_code = has_error_code(fault.vector) && cpu.protected_mode();
    e.error_code = fault.error_code;
    e.return_eip = cpu.state.eip;
    e.resume = fault_class(fault.vector);
    if (deliver(cpu, e)) {
      after_delivery(cpu);
      return;
    }
    const Fault second = cpu.fault;
    if (second.vector == Vector::kPageFault) cpu.state.cr2 = second.address.value;
    if (fault.vector == Vector::kDoubleFault) {
      shut_down(cpu);
      return;
    }
    fault = doubles(fault.vector, second.vector) ? Fault{Vector::kDoubleFault, 0, GuestLinear{}} : second;
  }
}

bool interrupt_deliverable(const Cpu& cpu) {
  if (cpu.state.interrupt_shadow) return false;
  if (cpu.state.nmi_pending && !cpu.state.nmi_blocked) return true;
  return (cpu.state.eflags & eflag::kInterrupt) && cpu.interrupts != nullptr && cpu.interrupts->interrupt_pending();
}

bool take_interrupt(Cpu& cpu) {
  if (!interrupt_deliverable(cpu) || cpu.state.activity == Activity::kShutdown) return false;
  cpu.settle();
  if (cpu.state.nmi_pending && !cpu.state.nmi_blocked) {
    cpu.state.nmi_pending = false;
    cpu.state.nmi_blocked = true;  // until IRET (SDM 3A, 6.7.1)
    return deliver_external(cpu, static_cast<u8>(Vector::kNmi));
  }
  return deliver_external(cpu, cpu.interrupts->acknowledge_interrupt());
}

void request_nmi(Cpu& cpu) {
  cpu.state.nmi_pending = true;
  cpu.request_attention();
}

Outcome software_interrupt(Cpu& cpu, u8 vector, InterruptSource source, u32 next_eip) {
  cpu.settle();
  Delivery e;
  e.vector = vector;
  e.source = source;
  e.return_eip = next_eip;
  if (!deliver(cpu, e)) return Outcome::kFault;
  after_delivery(cpu);
  return Outcome::kBranch;
}

// --- Debug exceptions (SDM 3B, chapter 17).

namespace {

struct Breakpoint {
  u32 address;
  u32 size;  // bytes
  u32 kind;  // R/W field: 0 execute, 1 write, 2 I/O, 3 read or write
};

// Breakpoint i as DR7 enables it (locally or globally). False: off.
bool breakpoint(const CpuState& s, u32 i, Breakpoint& out) {
  if (!((s.dr[7] >> (2 * i)) & 3)) return false;
  const u32 control = (s.dr[7] >> (16 + 4 * i)) & 0xf;
  constexpr u32 kSizes[4] = {1, 2, 8, 4};  // SDM 3B, 17.2.4; 10b: 8 bytes on some, undefined elsewhere
  out.kind = control & 3;
  out.size = kSizes[control >> 2];
  out.address = s.dr[i] & ~(out.size - 1);
  return true;
}

void debug_trap(Cpu& cpu, u32 dr6_bits) {
  cpu.state.dr[6] |= dr6_bits;
  cpu.raise(Vector::kDebug);
  deliver_fault(cpu);
}

}  // namespace

bool needs_stepping(const Cpu& cpu) {
  return (cpu.state.eflags & (eflag::kTrap | eflag::kResume)) || (cpu.state.dr[7] & debug::kAnyEnabled) ||
         cpu.state.pending_debug != 0;
}

bool check_instruction_breakpoint(Cpu& cpu) {
  CpuState& s = cpu.state;
  if (s.pending_debug & debug::kTaskSwitch) {  // the T flag of a task just entered: before its first instruction
    const u32 bits = s.pending_debug;
    s.pending_debug = 0;
    debug_trap(cpu, bits);
    return true;
  }
  if (s.eflags & eflag::kResume) {
    s.eflags &= ~eflag::kResume;  // for one instruction; a fault of that instruction sets it again when pushed
    return false;
  }
  const u32 linear = s.segment[isa::kCs].base + s.eip;
  u32 hits = 0;
  for (u32 i = 0; i < 4; ++i) {
    Breakpoint b;
    if (breakpoint(s, i, b) && b.kind == 0 && s.dr[i] == linear) hits |= 1u << i;
  }
  if (hits == 0) return false;
  debug_trap(cpu, hits);
  return true;
}

void finish_step(Cpu& cpu, bool trap) {
  CpuState& s = cpu.state;
  u32 bits = s.pending_debug | cpu.mmu.take_watch_hits();
  if (trap) bits |= debug::kSingleStep;
  // MOV SS and POP SS hold debug traps off until the instruction after them (SDM 3A, 6.8.3).
  if (s.interrupt_shadow) {
    s.pending_debug = bits & ~debug::kSingleStep;
    return;
  }
  s.pending_debug = 0;
  if (bits != 0) debug_trap(cpu, bits);
}

void note_io_breakpoint(Cpu& cpu, u32 port, u32 size) {
  if (!(cpu.state.cr4 & cr4::kDe) || !(cpu.state.dr[7] & debug::kAnyEnabled)) return;
  for (u32 i = 0; i < 4; ++i) {
    Breakpoint b;
    if (!breakpoint(cpu.state, i, b) || b.kind != 2) continue;
    if (b.address < port + size && port < b.address + b.size) cpu.state.pending_debug |= 1u << i;
  }
}

void debug_registers_changed(Cpu& cpu) {
  std::array<Watchpoint, 4> watchpoints{};
  for (u32 i = 0; i < 4; ++i) {
    Breakpoint b;
    if (breakpoint(cpu.state, i, b) && (b.kind & 1)) watchpoints[i] = Watchpoint{b.address, b.size, b.kind == 3};
  }
  cpu.mmu.set_watchpoints(watchpoints);
  cpu.request_attention();
}

}  // namespace paemu
