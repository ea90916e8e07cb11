// Signals: SIGTERM, SIGHUP and SIGINT become a callback from the event loop; SIGPIPE is ignored. One object a program.
#pragma once

#include <functional>

#include "host/event_loop.hpp"

namespace paemu::host {

class Signals {
 public:
  // A second signal while the first is still being handled ends the program at once, as by default.
  Signals(EventLoop& loop, std::function<void(int number)> callback);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  EventLoop& loop_;
  EventLoop::Watch watch_;
  int descriptor_;
};

}  // namespace paemu::host
