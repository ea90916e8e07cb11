// Tty: the line discipline between a line and the programs on it (termios(3)): canonical editing, echo, signals from
// control characters, flow control, output processing; job control by session and foreground group.
//
// The line is what derives from TtyLine: the serial port, or the master of a pseudo-terminal. It calls receive() for
// what comes in, in its interrupt handler if it has one, and room() when it can send again.
#pragma once

#include "dev/termios.hpp"
#include "fs/file.hpp"
#include "lib/wait.hpp"

namespace ido {

class TtyLine {
 public:
  // Takes bytes to be sent, never sleeps; returns how many it took. What is sent in one call is together.
  virtual u32 send(const char* text, u32 size) = 0;
  // A file of its terminal, which keeps both alive.
  virtual Or<Ref<fs::File>> open(Ref<fs::Dentry> dentry, u32 flags) = 0;

 protected:
  ~TtyLine() = default;
};

class Tty {
 public:
  Tty(TtyLine& line, u32 device_number);
  ~Tty();
  Tty(const Tty&) = delete;

  // For the line.
  void receive(u8 byte);
  u32 input_room() const { return kQueue - count_; }  // bytes that receive() would keep
  void room();
  void hang_up();  // the line is gone: SIGHUP and SIGCONT to its session, reads end, writes fail
  bool hung_up() const { return hung_up_; }
  bool packets() const { return canonical(); }

  // For files of the terminal.
  Or<u32> read(fs::Buffer& buffer, bool block);
  Or<u32> write(fs::Buffer& buffer, bool block);
  Or<u32> control(u32 request, u32 argument);
  u32 poll();
  fs::PollSource& poll_source() { return source_; }

  // Job control. session 0: nobody's controlling terminal.
  i32 session = 0;
  i32 foreground_group = 0;
  u32 device_number() const { return number_; }
  TtyLine& line() { return line_; }
  // A session leader that has no terminal gets the one that it opens.
  void opened(u32 open_flags);
  void set_window(const termios::WindowSize& size);
  const termios::WindowSize& window() const { return window_; }

  ListNode node;  // the list of all terminals, dev/terminals.cpp

 private:
  static constexpr u32 kQueue = 4096;  // bytes: N_TTY_BUF_SIZE
  bool local(u32 flag) const { return (termios_.local & flag) != 0; }
  bool canonical() const { return local(termios::kICanon); }
  bool is(u8 c, u32 index) const { return c != 0 && c == termios_.characters[index]; }
  void put(u8 c) {
    if (count_ < kQueue) queue_[(first_ + count_++) % kQueue] = c;
  }
  u8& last() { return queue_[(first_ + count_ - 1) % kQueue]; }
  bool take_special(u8 c);
  bool edit(u8 c);
  void end_line(u8 c, bool end_of_file);
  void erase_one();
  void reprint();
  void echo(u8 c);
  bool put_output(char c);
  void flush_input();
  u32 readable() const { return canonical() ? line_end_ : count_; }
  Or<> wait_for_input(u32 wanted, bool block);
  Or<> keep_background_out(i32 signal);
  Or<> set_termios(const termios::Termios& wanted);
  Or<> set_foreground(i32 group);
  Or<> take_as_controlling(bool steal);

  TtyLine& line_;
  u32 number_;
  termios::Termios termios_;
  termios::WindowSize window_;
  u8 queue_[kQueue];
  u32 first_ = 0, count_ = 0;
  u32 line_end_ = 0;      // canonical: bytes at the front of the queue that make whole lines
  u32 column_ = 0;        // of the cursor, for tabs
  bool literal_ = false;  // the next character is no special one (VLNEXT)
  bool stopped_ = false;  // output waits for VSTART
  bool hung_up_ = false;
  WaitQueue input_, output_;
  fs::PollSource source_;
};

// --- All terminals (dev/terminals.cpp).
void init_controlling_terminal();  // /dev/tty
void add_terminal(Tty& tty);
// The controlling terminal of a session, or null.
Tty* terminal_of_session(i32 session);

// The tty of the console, made by init_serial_tty.
Tty* console_tty();

}  // namespace ido
