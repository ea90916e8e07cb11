// Between the entry code and the handlers of traps: for arch and boot.
#pragma once

#include "arch/interrupts.hpp"

namespace ido {

// Everything that must be done before the frame goes back to user mode. For fork, whose child returns without a trap.
void prepare_user_return(TrapFrame& frame);

void print_registers(const TrapFrame& frame);
// The chain of frame pointers from `frame_pointer` on, with `first` before it.
void print_back_trace(u32 first, u32 frame_pointer);

// A panic calls it once, for what arch can't know: the running task, memory.
void set_panic_report(void (*report)());

}  // namespace ido
