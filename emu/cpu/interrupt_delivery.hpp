// One attempt to bring an interrupt or exception to its handler. Used by exceptions.cpp alone, which decides what
// happens when the attempt itself faults.
#pragma once

#include "cpu/exceptions.hpp"

namespace paemu {

struct Delivery {
  u8 vector = 0;
  InterruptSource source = InterruptSource::kException;
  bool has_error_code = false;
  u32 error_code = 0;
  u32 return_eip = 0;
  ResumeFlag resume = ResumeFlag::kAsItIs;
};

// False: the attempt faulted, the reason is in cpu.fault and no register has changed. (After the commit of a task
// switch the registers are the new task's.)
[[nodiscard]] bool deliver(Cpu& cpu, const Delivery& event);

}  // namespace paemu
