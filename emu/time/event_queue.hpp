// EventQueue: what happens at which tick, ordered by (deadline, sequence). One a machine.
//
// A device makes its events once, in its constructor, in a fixed order; an event is armed or not. Nothing is
// allocated while the guest runs, and the state of the queue is one {deadline, sequence} an event.
#pragma once

#include <string>
#include <vector>

#include "base/fields.hpp"
#include "time/ticks.hpp"

namespace paemu {

// What an event calls when its time has come. A device implements it; `event` tells its events apart.
class EventSink {
 public:
  virtual void on_event(u32 event, Ticks now) = 0;

 protected:
  ~EventSink() = default;
};

class EventQueue {
 public:
  class Handle {
   public:
    Handle() = default;

   private:
    friend class EventQueue;
    explicit Handle(u32 index) : index_(index) {}
    u32 index_ = ~0u;
  };

  // name: for dumps, as "pit.channel0". The sink outlives the queue's use.
  Handle add(std::string name, EventSink& sink, u32 event = 0);

  // Re-arming replaces the deadline and takes a new sequence number. While run_due(now) runs, the earliest deadline
  // is now + 1, so that no chip can keep a tick from ending.
  void arm(Handle h, Ticks deadline);
  void disarm(Handle h);
  bool armed(Handle h) const { return events_[h.index_].state.deadline != kNever; }
  Ticks deadline(Handle h) const { return events_[h.index_].state.deadline; }

  // The earliest deadline; kNever when nothing is armed.
  Ticks next_deadline() const { return next_; }

  // Runs, in order, all events due at or before now. An event is disarmed before its sink is called.
  void run_due(Ticks now);

  // {deadline, sequence} of each event in the order of add(); the same machine makes the same list.
  template <class Visitor>
  void visit_fields(Visitor&& visit) {
    visit("sequence", sequence_);
    for (Event& e : events_) visit(e.name.c_str(), e.state);
    refresh();
  }

 private:
  struct State {
    Ticks deadline = kNever;
    u64 sequence = 0;
    FIELDS(deadline, sequence)
  };
  struct Event {
    std::string name;
    EventSink* sink;
    u32 number;
    State state;
  };
  void refresh();

  std::vector<Event> events_;
  u64 sequence_ = 0;
  Ticks next_ = kNever;
  Ticks earliest_{0};  // now + 1 inside run_due, else 0
};

}  // namespace paemu
