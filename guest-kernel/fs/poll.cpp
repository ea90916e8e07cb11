#include "fs/poll.hpp"

#include "arch/interrupts.hpp"
#include "lib/print.hpp"

namespace ido::fs {

PollListener::~PollListener() { KASSERT(!node.linked()); }

void PollListener::detach() {
  const InterruptGuard guard;
  if (node.linked()) IntrusiveList<PollListener, &PollListener::node>::remove(*this);
}

PollSource::~PollSource() {
  const InterruptGuard guard;
  while (listeners_.pop_front() != nullptr) {
  }
}

void PollSource::attach(PollListener& listener) {
  const InterruptGuard guard;
  listeners_.push_back(listener);
}

void PollSource::changed() {
  const InterruptGuard guard;
  for (PollListener& l : listeners_) l.notice();
}

}  // namespace ido::fs
