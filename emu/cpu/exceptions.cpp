#include "cpu/exceptions.hpp"

#include "cpu/cpu.hpp"
#include "cpu/debug.hpp"
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

// Not the traps and aborts (SDM 3A, table 6-1). A #DB that a semantic raises is the fault of general detect.
bool fault_class(Vector v) {
  return v != Vector::kNmi && v != Vector::kBreakpoint && v != Vector::kOverflow && v != Vector::kDoubleFault &&
         v != Vector::kMachineCheck;
}

ResumeFlag resume_flag_of(Vector v) { return fault_class(v) ? ResumeFlag::kSet : ResumeFlag::kAsItIs; }

// Everything that every delivery does, whatever the way.
void after_delivery(Cpu& cpu) {
  CpuState& s = cpu.state;
  s.activity = Activity::kRunning;
  s.shadow = Shadow::kNone;
  s.mid_repeat = false;
  // An instruction that went to a handler is not single-stepped: TF was cleared (SDM 3B, 17.3.1.4). What the pushes hit
  // is due before the handler's first instruction.
  cpu.debug_hits &= ~debug::kSingleStep;
  note_delivery_hits(cpu);
  cpu.request_attention();
}

bool deliver_external(Cpu& cpu, u8 vector) {
  Delivery e;
  e.vector = vector;
  e.source = InterruptSource::kExternal;
  e.return_eip = cpu.state.eip;
  e.resume = cpu.state.mid_repeat ? ResumeFlag::kSet : ResumeFlag::kAsItIs;
  if (deliver(cpu, e)) {
    after_delivery(cpu);
  } else {
    deliver_fault(cpu);
  }
  return true;
}

void take_init(Cpu& cpu) {
  cpu.state.init_pending = false;
  cpu.initialize();
  if (cpu.hooks != nullptr) cpu.hooks->on_init();
}

bool nmi_deliverable(const Cpu& cpu) {
  return cpu.state.nmi_pending && !cpu.state.nmi_blocked && cpu.state.shadow != Shadow::kAll;
}

bool interrupt_deliverable(const Cpu& cpu) {
  return (cpu.state.eflags & eflag::kInterrupt) && cpu.state.shadow == Shadow::kNone && cpu.interrupts != nullptr &&
         cpu.interrupts->interrupt_pending();
}

}  // namespace

void shut_down(Cpu& cpu) {
  cpu.state.activity = Activity::kShutdown;
  cpu.request_attention();
}

void deliver_fault(Cpu& cpu) {
  if (cpu.fault.vector == Vector::kAwaitInterrupt) {
    cpu.settle();
    cpu.state.activity = Activity::kHalted;
    return;
  }
  deliver_exception(cpu, cpu.fault, resume_flag_of(cpu.fault.vector));
}

void deliver_exception(Cpu& cpu, const Fault& exception, ResumeFlag resume) {
  // A benign second fault (#AC of a handler's misaligned stack) can come again with every attempt: the processor would
  // loop for ever. Here the instruction is run again then, which uses up guest time.
  constexpr u32 kMostAttempts = 8;
  Fault fault = exception;
  cpu.settle();
  cpu.debug_hits = 0;  // of an instruction that did not complete
  (void)cpu.mmu.take_watch_hits();
  for (u32 attempt = 0; attempt < kMostAttempts; ++attempt) {
    if (fault.vector == Vector::kPageFault) cpu.state.cr2 = fault.address.value;
    if (fault.vector == Vector::kDebug) cpu.state.dr[7] &= ~debug::kGeneralDetect;  // SDM 3B, 17.2.4
    Delivery e;
    e.vector = static_cast<u8>(fault.vector);
    e.has_error_code = has_error_code(fault.vector) && cpu.protected_mode();
    e.error_code = fault.error_code;
    e.return_eip = cpu.state.eip;
    e.resume = resume;
    if (deliver(cpu, e)) {
      after_delivery(cpu);
      return;
    }
    const Fault second = cpu.fault;
    (void)cpu.mmu.take_watch_hits();
    if (second.vector == Vector::kPageFault) cpu.state.cr2 = second.address.value;
    if (fault.vector == Vector::kDoubleFault) return shut_down(cpu);
    fault = doubles(fault.vector, second.vector) ? Fault{Vector::kDoubleFault, 0, GuestLinear{}} : second;
    resume = resume_flag_of(fault.vector);
  }
}

bool event_waiting(const Cpu& cpu) {
  const CpuState& s = cpu.state;
  return s.init_pending || s.machine_check_pending || (s.pending_debug != 0 && debug_trap_waiting(cpu)) || nmi_deliverable(cpu) ||
         interrupt_deliverable(cpu);
}

bool wake(Cpu& cpu) {
  CpuState& s = cpu.state;
  if (s.init_pending) take_init(cpu);
  if (s.activity == Activity::kHalted && event_waiting(cpu)) s.activity = Activity::kRunning;
  if (s.activity == Activity::kWaitForStartUp && s.start_up_pending) {
    s.start_up_pending = false;
    cpu.start_up(s.start_up_vector);
  }
  return s.activity == Activity::kRunning;
}

bool take_event(Cpu& cpu) {
  cpu.settle();
  if (cpu.state.init_pending) {
    take_init(cpu);
    return true;
  }
  if (cpu.state.activity == Activity::kShutdown) return false;
  if (cpu.state.machine_check_pending) {
    cpu.state.machine_check_pending = false;
    deliver_exception(cpu, Fault{Vector::kMachineCheck, 0, GuestLinear{}},
                      cpu.state.mid_repeat ? ResumeFlag::kSet : ResumeFlag::kAsItIs);
    return true;
  }
  if (debug_trap_waiting(cpu)) {
    deliver_debug_trap(cpu);
    return true;
  }
  if (nmi_deliverable(cpu)) {
    cpu.state.nmi_pending = false;
    cpu.state.nmi_blocked = true;  // until IRET (SDM 3A, 6.7.1)
    return deliver_external(cpu, static_cast<u8>(Vector::kNmi));
  }
  return interrupt_deliverable(cpu) && deliver_external(cpu, cpu.interrupts->acknowledge_interrupt());
}

void request_init(Cpu& cpu) {
  cpu.state.init_pending = true;
  cpu.request_attention();
}

void request_start_up(Cpu& cpu, u8 vector) {
  CpuState& s = cpu.state;
  const bool waits = s.activity == Activity::kWaitForStartUp || s.init_pending;
  if (!waits || s.start_up_pending) return;
  s.start_up_pending = true;
  s.start_up_vector = vector;
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

}  // namespace paemu
