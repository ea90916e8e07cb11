#include "time/event_queue.hpp"

#include <cassert>

namespace paemu {

EventQueue::Handle EventQueue::add(std::string name, EventSink& sink, u32 event) {
  events_.push_back(Event{std::move(name), &sink, event, {}});
  return Handle{static_cast<u32>(events_.size() - 1)};
}

void EventQueue::arm(Handle h, Ticks deadline) {
  assert(h.index_ < events_.size());
  State& state = events_[h.index_].state;
  const bool was_next = state.deadline == next_;
  if (deadline < earliest_) deadline = earliest_;
  state.deadline = deadline;
  state.sequence = ++sequence_;
  if (deadline <= next_)
    next_ = deadline;
  else if (was_next)
    refresh();
}

void EventQueue::disarm(Handle h) {
  assert(h.index_ < events_.size());
  State& state = events_[h.index_].state;
  const bool was_next = state.deadline == next_;
  // An unarmed event keeps no trace of its past, so that equal behaviour means equal state.
  state = State{};
  if (was_next) refresh();
}

void EventQueue::run_due(Ticks now) {
  earliest_ = now + 1;
  while (next_ <= now && next_ != kNever) {
    Event* first = nullptr;
    for (Event& e : events_) {
      if (e.state.deadline != next_) continue;
      if (first == nullptr || e.state.sequence < first->state.sequence) first = &e;
    }
    assert(first != nullptr);
    first->state = State{};
    refresh();
    first->sink->on_event(first->number, now);
  }
  earliest_ = Ticks{0};
}

// A machine has about a dozen events, and most changes do not need this: scanning them beats keeping a heap.
void EventQueue::refresh() {
  next_ = kNever;
  for (const Event& e : events_) {
    if (e.state.deadline < next_) next_ = e.state.deadline;
  }
}

}  // namespace paemu
