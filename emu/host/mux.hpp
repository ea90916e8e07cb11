// Mux: several users of one Chardev, of whom one at a time has the keyboard; Ctrl-A is the escape, as in QEMU.
//
//   Ctrl-A c       the next user (serial, monitor)      Ctrl-A x       leave
//   Ctrl-A h or ?  this list                            Ctrl-A Ctrl-A  one Ctrl-A
//
// Output of all users goes through, so the guest's console is seen while the monitor has the keyboard.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "host/chardev.hpp"

namespace paemu::host {

inline constexpr u8 kMuxEscape = 0x01;  // Ctrl-A

class Mux {
 public:
  Mux(std::unique_ptr<Chardev> device, std::function<void()> leave);

  // A new user; the first has the keyboard at the start. The Mux outlives it.
  std::unique_ptr<Chardev> add_user();
  Chardev& device() { return *device_; }

 private:
  class User;
  void receive(std::span<const u8> bytes);
  void escape(u8 key);
  void say(std::string_view text);

  std::unique_ptr<Chardev> device_;
  std::function<void()> leave_;
  std::vector<User*> users_;
  usize current_ = 0;
  bool escaped_ = false;
};

}  // namespace paemu::host
