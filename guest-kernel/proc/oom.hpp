// The out-of-memory killer: which process has to end when memory has run out, and why (proc(5), oom_score).
#pragma once

#include "proc/task.hpp"

namespace ido {

inline constexpr i32 kOomNever = -1000, kOomFirst = 1000;  // bounds of Process::oom_adjustment

// What /proc/PID/oom_score shows: 0 to 2000, higher dies sooner.
u32 oom_score(const Process& process);

}  // namespace ido
