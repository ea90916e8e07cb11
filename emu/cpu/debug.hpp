// Debug exceptions (SDM 3B, chapter 17): breakpoints, single step, RF.
//
// While needs_stepping() says so, the engine runs one instruction at a time between begin_step() and finish_step().
// Otherwise nothing here costs anything: breakpoints are not looked at. Traps that an instruction has earned wait in
// CpuState::pending_debug for the instruction boundary, where take_event() (exceptions.hpp) delivers them in their
// order among the other events.
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

class Cpu;

// Must instructions run one at a time: TF, RF, breakpoints in DR7, a virtual interrupt that is due?
bool needs_stepping(const Cpu& cpu);
// Before an instruction: what is due before it is even fetched. True: an exception was delivered in its place.
bool begin_step(Cpu& cpu);
// After an instruction that did not fault.
void finish_step(Cpu& cpu);

// What accesses outside of a step hit (the pushes of a delivery): due at the next boundary.
void note_delivery_hits(Cpu& cpu);
// IN and OUT report their ports, for I/O breakpoints (CR4.DE).
void note_io_breakpoint(Cpu& cpu, u32 port, u32 size);
// After DR7 or DR0-3 changed: gives the data breakpoints to the mmu.
void debug_registers_changed(Cpu& cpu);

// Does a trap wait that may be delivered now?
bool debug_trap_waiting(const Cpu& cpu);
// Delivers it.
void deliver_debug_trap(Cpu& cpu);

}  // namespace paemu
