// Session: one open conversation with the monitor, in either codec. Bytes in, bytes out; knows nothing of sockets.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "monitor/monitor.hpp"

namespace paemu::monitor {

class Session : public Listener {
 public:
  using Write = std::function<void(std::string_view)>;

  virtual ~Session() = default;
  // Somebody is there: greeting or prompt.
  virtual void opened() = 0;
  // The far end is gone; what it began is forgotten.
  virtual void closed() = 0;
  virtual void receive(std::span<const u8> bytes) = 0;
};

// Who types: a person on a terminal gets echo, line editing and completion; a program's lines are taken as they come.
enum class Keyboard : u8 { Person, Program };

// Text, with a prompt.
std::unique_ptr<Session> make_hmp_session(Monitor& monitor, Session::Write write, Keyboard keyboard);
// JSON, one object a line.
std::unique_ptr<Session> make_qmp_session(Monitor& monitor, Session::Write write);

}  // namespace paemu::monitor
