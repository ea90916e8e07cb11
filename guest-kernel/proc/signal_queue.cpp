#include "proc/signal_queue.hpp"

#include <new>

#include "arch/interrupts.hpp"

namespace ido {

SignalQueue::~SignalQueue() {
  while (QueuedSignal* entry = entries_.front()) remove(*entry);
}

void SignalQueue::remove(QueuedSignal& entry) {
  entries_.remove(entry);
  --count_;
  if (!entry.owned) delete &entry;
}

void SignalQueue::add(const SignalInfo& info, QueuedSignal* own) {
  const InterruptGuard guard;
  QueuedSignal* entry = own;
  if (entry == nullptr && !in_interrupt() && !full()) entry = new (std::nothrow) QueuedSignal;
  if (entry == nullptr) return;  // it arrives once, without what was to be told
  entry->info = info;
  entries_.push_back(*entry);
  ++count_;
}

bool SignalQueue::take(i32 number, SignalInfo& info, bool& more) {
  QueuedSignal* found = nullptr;
  more = false;
  for (QueuedSignal& entry : entries_) {
    if (entry.info.number != number) continue;
    if (found != nullptr) {
      more = true;
      break;
    }
    found = &entry;
  }
  if (found == nullptr) return false;
  info = found->info;
  remove(*found);
  return true;
}

}  // namespace ido
