// Signals that queue: those from 33 on arrive as often as they were sent, in order, each with its information. Standard
// signals don't; of them a target keeps the last information only (task.hpp).
#pragma once

#include "base/intrusive_list.hpp"
#include "proc/signal.hpp"

namespace ido {

struct QueuedSignal {
  SignalInfo info;
  bool owned = false;  // by a timer, which frees it: interrupt handlers can't allocate
  ListNode node;
};

class SignalQueue {
 public:
  static constexpr u32 kMost = 1024;
  ~SignalQueue();
  bool full() const { return count_ >= kMost; }
  // `own`: the sender's entry, or nullptr: one is allocated, outside of interrupt handlers and if there is room.
  void add(const SignalInfo& info, QueuedSignal* own);
  // The first of that number; `more`: another one is left. False: none was queued.
  bool take(i32 number, SignalInfo& info, bool& more);
  void remove(QueuedSignal& entry);

 private:
  IntrusiveList<QueuedSignal, &QueuedSignal::node> entries_;
  u32 count_ = 0;
};

}  // namespace ido
