// Chardev: a two-way stream of bytes to the outside: a terminal, a pseudo-terminal, a socket, a file, or nothing.
//
// What the far end does never reaches the guest except as received bytes. Output is buffered; flush() is called by the
// app between slices. All input read at once is at most kReadSize bytes.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "host/event_loop.hpp"

namespace paemu::host {

// What -serial, -monitor, -qmp and -chardev say.
struct ChardevSpec {
  enum class Kind : u8 { Null, Stdio, Pty, Unix, File, Descriptor };
  Kind kind = Kind::Null;
  std::string path;     // Unix, File
  bool server = false;  // Unix: listen rather than connect
  bool wait = true;     // Unix, server: start only once somebody connected
  bool mux = false;     // "mon:": shared with a monitor, Ctrl-A c switches
  int descriptor = -1;  // Descriptor: an inherited, listening socket
  std::string text;     // as the user wrote it
};

// "stdio", "mon:stdio", "pty", "unix:PATH[,server=on|off][,wait=on|off]", "file:PATH", "null", "none".
Or<ChardevSpec> parse_chardev(std::string_view text);

class Chardev {
 public:
  static constexpr usize kReadSize = 4096;

  virtual ~Chardev() = default;

  // Never fails towards the caller: bytes that nobody takes are dropped.
  virtual void write(std::span<const u8> bytes) = 0;
  virtual void flush() = 0;
  // While true nothing is read: who receives has no room.
  virtual void hold_input(bool hold) = 0;
  // Somebody is at the other end.
  virtual bool open() const = 0;
  // As QEMU's query-chardev prints it: "pty:/dev/pts/3", "disconnected:unix:/x,server=on".
  virtual std::string filename() const = 0;
  // A person or a program with a clock of its own may be there: time should pass as on the wall.
  virtual bool interactive() const = 0;
  // What is typed comes key by key, and nobody but us echoes it.
  virtual bool is_terminal() const { return false; }

  void write(std::string_view text) { write(std::span(reinterpret_cast<const u8*>(text.data()), text.size())); }
  void on_receive(std::function<void(std::span<const u8>)> f) { receive_ = std::move(f); }
  void on_open(std::function<void(bool open)> f) { opened_ = std::move(f); }

 protected:
  std::function<void(std::span<const u8>)> receive_;
  std::function<void(bool)> opened_;
};

// Errors: the path can't be made, connected or opened. A waiting server waits here for its first client.
Or<std::unique_ptr<Chardev>> open_chardev(const ChardevSpec& spec, EventLoop& loop);

}  // namespace paemu::host
