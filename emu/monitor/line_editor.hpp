// LineEditor: bytes from a keyboard to lines, with the keys that people expect: arrows, Home, End, Delete, Ctrl-A (by
// way of the mux), E, K, U, W, L, history and Tab.
//
// Our own rather than libedit's, which wants a descriptor of a terminal to read from; here the bytes come by way of the
// mux, a socket or a pseudo-terminal.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"

namespace paemu::monitor {
using namespace base;

class LineEditor {
 public:
  static constexpr usize kMaxLine = 4096;
  static constexpr usize kMaxHistory = 200;

  struct Callbacks {
    std::function<void(std::string_view)> write;
    std::function<void(const std::string&)> line;  // a whole line, without its end
    std::function<std::vector<std::string>(std::string_view)> complete;
  };

  LineEditor(std::string prompt, Callbacks callbacks) : prompt_(std::move(prompt)), callbacks_(std::move(callbacks)) {}

  void show_prompt();
  void take(u8 byte);
  // Shows `text` above the line that is being typed.
  void interject(std::string_view text);
  void clear() { line_.clear(), cursor_ = 0, escape_.clear(); }

 private:
  void key(u8 byte);
  void escape_sequence();
  void enter();
  void insert(std::string_view text);
  void erase(usize from, usize to);
  void move(usize cursor);
  void recall(usize index);
  void tab();
  void redraw();

  std::string prompt_;
  Callbacks callbacks_;
  std::string line_;
  usize cursor_ = 0;
  std::string escape_;  // what came of an escape sequence, from "\x1b" on; empty: none
  bool after_return_ = false;
  std::vector<std::string> history_;
  usize recalled_ = 0;  // index into history_; its size: the new line
};

}  // namespace paemu::monitor
