// EventLoop: waits for the outside world with one poll(2) and calls whoever watches a descriptor. Single-threaded.
//
// The run loop never calls it from inside the guest's time: `ready()` only looks, `dispatch()` calls back, and the app
// dispatches between two slices of Machine::run. So a callback may use the Machine freely.
#pragma once

#include <poll.h>

#include <functional>
#include <vector>

#include "base/types.hpp"

namespace paemu::host {
using namespace base;

inline constexpr i64 kForever = -1;

class EventLoop {
 public:
  // Called with the poll(2) events that came.
  using Callback = std::function<void(short events)>;
  using Watch = u64;  // names one registration; never reused

  // events: POLLIN, POLLOUT. A callback may add and remove watches, its own too.
  Watch watch(int descriptor, short events, Callback callback);
  void set_events(Watch watch, short events);
  void unwatch(Watch watch);

  // Waits up to timeout_ns (kForever: until something happens) for a watched descriptor, and calls nobody.
  bool ready(i64 timeout_ns);
  // The same, and calls back. Returns whether there was anything.
  bool dispatch(i64 timeout_ns);

  enum class Role : u8 {
    Plain,
    Input,   // may bring input to the guest or to a monitor
    Urgent,  // a signal: ends waits that nothing else does
  };
  void set_role(Watch watch, Role role);
  usize input_watches() const;

  // Waits for one descriptor alone. False when nothing came within timeout_ns, or something urgent did.
  bool wait_for(int descriptor, short events, i64 timeout_ns);

 private:
  struct Entry {
    Watch watch;
    int descriptor;
    short events;
    Role role;
    Callback callback;
  };
  Entry* find(Watch watch);
  int poll_all(i64 timeout_ns);

  std::vector<Entry> entries_;
  std::vector<pollfd> polled_;       // the descriptors of the last poll, and
  std::vector<Watch> polled_watch_;  // whose they are
  Watch next_watch_ = 1;
};

}  // namespace paemu::host
