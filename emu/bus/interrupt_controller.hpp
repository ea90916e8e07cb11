// What the processor asks of its interrupt controller (local APIC or 8259A, chosen in board).
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

class InterruptController {
 public:
  // True while an unmasked maskable interrupt waits. The processor looks at instruction boundaries with IF set.
  virtual bool interrupt_pending() const = 0;
  // The INTA cycle: takes the highest-priority interrupt and returns its vector. Only when one is pending.
  virtual u8 acknowledge_interrupt() = 0;

 protected:
  ~InterruptController() = default;
};

}  // namespace paemu
