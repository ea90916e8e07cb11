// Timers: a callback at a virtual time, run from the tick (so up to 1 / kTickHz late). Callbacks run with interrupts
// off; they may wake tasks and send signals.
#pragma once

#include "base/intrusive_list.hpp"
#include "base/types.hpp"

namespace ido {
using namespace base;

struct Timer {
  u64 deadline_ns = 0;  // of now_ns()
  void (*expire)(Timer& timer) = nullptr;
  void* context = nullptr;  // the owner's
  ListNode node;
  bool armed() const { return node.linked(); }
};

void start_timer(Timer& timer, u64 deadline_ns);
void stop_timer(Timer& timer);  // also of one that is not armed

void run_timers();  // for the tick

}  // namespace ido
