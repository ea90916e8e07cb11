// Tty: the line discipline between a serial line and the programs on it (termios(3)): canonical editing, echo, signals
// from control characters, output processing; job control by foreground group.
//
// The line's interrupt handler calls receive(); programs reach it as /dev/ttyS0, /dev/console and /dev/tty.
#pragma once

#include "fs/vfs.hpp"
#include "lib/wait.hpp"

namespace ido {

// struct termios of the i386 kernel ABI (asm-generic/termbits.h): what TCGETS moves.
struct Termios {
  u32 input = 0;
  u32 output = 0;
  u32 control = 0;
  u32 local = 0;
  u8 line = 0;
  u8 characters[19] = {};
};
static_assert(sizeof(Termios) == 36);

struct WindowSize {
  u16 rows = 24, columns = 80, x_pixels = 0, y_pixels = 0;
};

class Tty {
 public:
  // send: sends bytes to the line; may spin, never sleeps.
  Tty(const char* name, u32 number, void (*send)(const char* text, u32 size));

  void receive(u8 byte);  // from the interrupt handler
  Or<u32> read(fs::Buffer& buffer, bool block);
  Or<u32> write(fs::Buffer& buffer);
  Or<u32> control(u32 request, u32 argument);
  u32 poll();
  fs::PollSource& poll_source() { return source_; }

  i32 session = 0;  // whose controlling terminal it is
  i32 foreground_group = 0;
  u32 device_number() const { return number_; }
  const char* name() const { return name_; }

 private:
  static constexpr u32 kQueue = 4096;  // bytes: N_TTY_BUF_SIZE
  bool canonical() const;
  void put(u8 c) {
    if (count_ < kQueue) queue_[(first_ + count_++) % kQueue] = c;
  }
  bool signal_for(u8 c, i32& signal) const;
  bool edit(u8 c);
  void erase_one();
  void echo(u8 c);
  void put_output(char c);
  void flush_input();
  u32 readable() const;

  const char* name_;
  u32 number_;
  void (*write_)(const char*, u32);
  Termios termios_;
  WindowSize window_;
  u8 queue_[kQueue];
  u32 first_ = 0, count_ = 0;
  u32 line_end_ = 0;  // canonical: bytes at the front of the queue that make whole lines
  u32 lines_ = 0;
  WaitQueue input_;
  fs::PollSource source_;
};

// The tty of the console, made by init_serial_tty.
Tty* console_tty();

}  // namespace ido
