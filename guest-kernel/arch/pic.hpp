// The two 8259As. For arch only.
#pragma once

#include "arch/interrupts.hpp"

namespace ido {

void init_pic();  // vectors kIrqBase.., all lines masked
void unmask_line(u32 irq, Trigger trigger);
void end_of_interrupt(u32 irq);
bool spurious(u32 irq);  // lines 7 and 15 may fire for a request that went away

// Runs the handlers of the IRQ whose vector the frame has.
void dispatch_irq(TrapFrame& frame);

}  // namespace ido
