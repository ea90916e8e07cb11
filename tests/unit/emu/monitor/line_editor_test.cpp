// The line editor: keys to lines.
#include "monitor/line_editor.hpp"

#include <catch2/catch.hpp>

using paemu::monitor::LineEditor;

namespace {

struct Typist {
  std::vector<std::string> lines;
  std::string screen;
  LineEditor editor{"> ",
                    {.write = [this](std::string_view text) { screen += text; },
                     .line = [this](const std::string& line) { lines.push_back(line); },
                     .complete =
                         [](std::string_view line) {
                           return line == "di" ? std::vector<std::string>{"dimm"} : std::vector<std::string>{};
                         }}};
  std::string type(std::string_view keys) {
    for (const char c : keys) editor.take(static_cast<paemu::monitor::u8>(c));
    return lines.empty() ? "" : lines.back();
  }
};

}  // namespace

TEST_CASE("keys edit the line") {
  CHECK(Typist().type("help\r") == "help");
  CHECK(Typist().type("hex\x7flp\r") == "help");
  CHECK(Typist().type("elp\x1b[Hh\r") == "help");             // Home
  CHECK(Typist().type("hlp\x1b[D\x1b[De\r") == "help");       // left twice
  CHECK(Typist().type("x help\x01\x1b[3~\x04\r") == "help");  // Ctrl-A, Delete, Ctrl-D
  CHECK(Typist().type("dimm wrong\x17list\r") == "dimm list");
  CHECK(Typist().type("all of it\x15gone\r") == "gone");
  CHECK(Typist().type("di\tlist\r") == "dimm list");
}

TEST_CASE("history is walked with the arrows") {
  Typist t;
  t.type("one\rtwo\r");
  CHECK(t.type("\x1b[A\x1b[A\r") == "one");
  CHECK(t.type("\x1b[A\x1b[A\x1b[B\r") == "one");
}

TEST_CASE("CR LF ends one line, not two") {
  Typist t;
  t.type("a\r\nb\n");
  CHECK(t.lines == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a line has a limit, and no escape sequence gets out of it") {
  Typist t;
  t.type(std::string(10000, 'x') + "\r");
  CHECK(t.lines.back().size() == LineEditor::kMaxLine);
  CHECK(t.type("\x1b[1;2;3;4;5;6;7;8;9;10;11zok\r").ends_with("ok"));
}
