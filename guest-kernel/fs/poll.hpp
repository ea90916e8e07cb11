// Who wants to know that a file got ready: poll, select and epoll listen; pipes, terminals, sockets and the like are
// sources. A source says "look again" (changed), never what is ready: File::poll tells that.
//
// changed() may be called in interrupt handlers, so listeners only take notes and wake.
#pragma once

#include "base/intrusive_list.hpp"
#include "base/types.hpp"

namespace ido::fs {
using namespace base;

// Whoever derives detaches in its own destructor: an interrupt may call notice() until then.
class PollListener {
 public:
  PollListener() = default;
  PollListener(const PollListener&) = delete;
  virtual void notice() = 0;
  void detach();  // also when the source has gone, or it never listened

  ListNode node;

 protected:
  ~PollListener();
};

class PollSource {
 public:
  PollSource() = default;
  PollSource(const PollSource&) = delete;
  ~PollSource();  // its listeners hear no more
  void attach(PollListener& listener);
  void changed();

 private:
  IntrusiveList<PollListener, &PollListener::node> listeners_;
};

}  // namespace ido::fs
