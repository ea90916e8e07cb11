// Exceptions and interrupts: how they reach the guest (SDM 3A, chapter 6). Debug exceptions: debug.hpp.
//
// The engine calls, at each instruction boundary that may need it:
//   take_event()       before an instruction: INIT, machine check, debug trap, NMI, INTR, in this order (table 6-2)
//   deliver_fault()    after a semantic function returned Outcome::kFault
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

// RF in the pushed EFLAGS (SDM 3B, 17.3.1.1): set for faults, and for whatever comes between the iterations of a string
// instruction; else as it is.
enum class ResumeFlag : u8 { kAsItIs, kSet };

// Delivers cpu.fault with EIP at the faulting instruction; escalates to double and triple fault as table 6-5 says.
void deliver_fault(Cpu& cpu);
// The same for an exception that no instruction raised.
void deliver_exception(Cpu& cpu, const Fault& fault, ResumeFlag resume);

// Does an event wait that can be taken now, shadows, IF and NMI blocking considered?
bool event_waiting(const Cpu& cpu);
// A processor that waits goes on when what it waits for is there: an event that it accepts, an INIT or a start-up IPI.
// -> is it running?
bool wake(Cpu& cpu);
// Delivers the first of them. Wakes from HLT. True: one was taken, EIP is at its handler.
bool take_event(Cpu& cpu);
// An edge on the NMI pin; taken at the next boundary, held while another is being served.
void request_nmi(Cpu& cpu);
// An INIT message: taken at the next boundary, in whatever state the processor is (SDM 3A, 11.4.7.3).
void request_init(Cpu& cpu);
// A start-up IPI. Nothing unless the processor waits for one, or is about to (SDM 3A, 9.4.3).
void request_start_up(Cpu& cpu, u8 vector);
// The shutdown state (SDM 3A, 6.15, double fault): the board resets the machine.
void shut_down(Cpu& cpu);

// INT n and friends, from a semantic function: EIP is the instruction's own and `next_eip` the one to be pushed.
[[nodiscard]] Outcome software_interrupt(Cpu& cpu, u8 vector, InterruptSource source, u32 next_eip);

}  // namespace paemu
