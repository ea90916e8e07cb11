// Exceptions and interrupts: how they reach the guest (SDM 3A, chapter 6), and the debug exceptions (3B, chapter 17).
//
// The engine calls, at each instruction boundary that may need it:
//   take_interrupt()   before an instruction: NMI, then INTR, unless a shadow or IF forbids
//   deliver_fault()    after a semantic function returned Outcome::kFault
//   finish_step()      after each instruction while needs_stepping() says so
// Delivery always ends with the processor at a handler or in Activity::kShutdown (triple fault); it never fails.
#pragma once

#include "cpu/fault.hpp"
#include "cpu/state.hpp"

namespace paemu {

class Cpu;

// Where an interrupt comes from: decides on DPL check, error code, EXT bit and what is pushed as EIP.
enum class InterruptSource : u8 {
  kException,  // a fault or trap that the processor found
  kExternal,   // INTR or NMI
  kSoftware,   // INT n, INT3, INTO: the gate's DPL is checked
  kIcebp,      // INT1 (F1): no DPL check, no error code
};

// Delivers cpu.fault with EIP at the faulting instruction; escalates to double and triple fault as table 6-5 says.
void deliver_fault(Cpu& cpu);

// Delivers a pending NMI, or a maskable interrupt when IF is set, unless interrupt_shadow is set. Wakes from HLT.
// True: one was taken, EIP is at its handler.
bool take_interrupt(Cpu& cpu);
// Would take_interrupt() do something?
bool interrupt_deliverable(const Cpu& cpu);
// An edge on the NMI pin; taken at the next boundary, held while another is being served.
void request_nmi(Cpu& cpu);

// INT n and friends, from a semantic function: EIP is the instruction's own and `next_eip` the one to be pushed.
[[nodiscard]] Outcome software_interrupt(Cpu& cpu, u8 vector, InterruptSource source, u32 next_eip);

// True while instructions must run one at a time, with the two calls below: TF, breakpoints in DR7.
bool needs_stepping(const Cpu& cpu);
// Before an instruction: instruction breakpoints at its linear address, unless RF. True: a #DB was delivered.
bool check_instruction_breakpoint(Cpu& cpu);
// After an instruction that did not fault. trap: EFLAGS.TF as it was before it. Delivers the #DB traps that are due.
void finish_step(Cpu& cpu, bool trap);

// I/O breakpoints (CR4.DE): IN and OUT report their port; a hit becomes a trap in finish_step().
void note_io_breakpoint(Cpu& cpu, u32 port, u32 size);
// After DR7 or DR0-3 changed: gives the data breakpoints to the mmu.
void debug_registers_changed(Cpu& cpu);

}  // namespace paemu
