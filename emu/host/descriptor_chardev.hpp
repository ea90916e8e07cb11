// DescriptorChardev: what all character devices over descriptors share: buffered output, watched input.
#pragma once

#include "host/chardev.hpp"

namespace paemu::host {

class DescriptorChardev : public Chardev {
 public:
  explicit DescriptorChardev(EventLoop& loop) : loop_(loop) {}
  DescriptorChardev(const DescriptorChardev&) = delete;
  DescriptorChardev& operator=(const DescriptorChardev&) = delete;
  ~DescriptorChardev() override { detach(); }

  void write(std::span<const u8> bytes) override;
  using Chardev::write;
  void flush() override;
  void hold_input(bool hold) override;
  bool open() const override { return output_ >= 0; }

 protected:
  // What to do when the far end takes no more.
  enum class Stall : u8 {
    Wait,  // a pipe or file: nothing may be lost
    Drop,  // a pseudo-terminal that nobody may have opened
    Kick,  // a socket: buffer, and disconnect a client that leaves kMaxPending unread
  };
  static constexpr usize kMaxPending = kMiB;

  // Starts to read `input` (-1: none) and to write `output`. The descriptors stay the caller's.
  void attach(int input, int output, Stall stall);
  void detach();
  // Reading found the end, or writing an error.
  virtual void hung_up() { detach(); }

  EventLoop& loop_;

 private:
  void readable();
  bool write_some();  // false: nothing can be written now

  int input_ = -1;
  int output_ = -1;
  Stall stall_ = Stall::Wait;
  bool held_ = false;
  EventLoop::Watch input_watch_ = 0;
  EventLoop::Watch output_watch_ = 0;
  std::vector<u8> pending_;
};

std::unique_ptr<Chardev> make_stdio_chardev(EventLoop& loop);
Or<std::unique_ptr<Chardev>> make_pty_chardev(EventLoop& loop);
Or<std::unique_ptr<Chardev>> make_socket_chardev(const ChardevSpec& spec, EventLoop& loop);

}  // namespace paemu::host
