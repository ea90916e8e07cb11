// RawTerminal: puts a terminal into raw mode and gives it back as it was, also when the program dies by a signal.
#pragma once

namespace paemu::host {

class RawTerminal {
 public:
  // Does nothing when `descriptor` is no terminal. At most one object at a time.
  explicit RawTerminal(int descriptor);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  bool is_terminal() const { return is_terminal_; }

 private:
  bool is_terminal_;
};

}  // namespace paemu::host
