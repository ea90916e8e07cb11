#include "monitor/line_editor.hpp"

namespace paemu::monitor {
namespace {

// Keys by their control codes.
constexpr u8 ctrl(char c) { return static_cast<u8>(c & 0x1f); }
constexpr u8 kEscape = 0x1b, kDelete = 0x7f;

}  // namespace

void LineEditor::show_prompt() { redraw(); }

void LineEditor::redraw() {
  // Carriage return, text, erase to the end of the line (ECMA-48 EL), then back to the cursor.
  std::string out = "\r" + prompt_ + line_ + "\x1b[K";
  if (cursor_ < line_.size()) out += "\x1b[" + std::to_string(line_.size() - cursor_) + "D";
  callbacks_.write(out);
}

void LineEditor::interject(std::string_view text) {
  callbacks_.write("\r\x1b[K");
  callbacks_.write(text);
  redraw();
}

void LineEditor::take(u8 byte) {
  if (escape_.empty() && byte != kEscape) return key(byte);
  // ECMA-48: ESC, or ESC [ parameters final; and ESC O final from older terminals.
  if (byte == kEscape) escape_.clear();
  escape_.push_back(static_cast<char>(byte));
  const bool introducer = escape_.size() == 2 && (byte == '[' || byte == 'O');
  const bool parameter = escape_.size() > 2 && byte >= 0x20 && byte < 0x40;
  if (escape_.size() == 1 || introducer || (parameter && escape_.size() < 16)) return;
  escape_sequence();
  escape_.clear();
}

void LineEditor::escape_sequence() {
  const std::string_view s = std::string_view(escape_).substr(1);
  if (s == "[A" || s == "OA")
    key(ctrl('P'));
  else if (s == "[B" || s == "OB")
    key(ctrl('N'));
  else if (s == "[C" || s == "OC")
    key(ctrl('F'));
  else if (s == "[D" || s == "OD")
    key(ctrl('B'));
  else if (s == "[H" || s == "OH" || s == "[1~")
    key(ctrl('A'));
  else if (s == "[F" || s == "OF" || s == "[4~")
    key(ctrl('E'));
  else if (s == "[3~")
    key(ctrl('D'));
}

void LineEditor::key(u8 byte) {
  const bool was_return = after_return_;
  after_return_ = byte == '\r';
  switch (byte) {
    case '\n':
      if (was_return) return;  // CR LF is one end of line
      [[fallthrough]];
    case '\r': return enter();
    case ctrl('A'): return move(0);
    case ctrl('E'): return move(line_.size());
    case ctrl('B'): return move(cursor_ == 0 ? 0 : cursor_ - 1);
    case ctrl('F'): return move(std::min(cursor_ + 1, line_.size()));
    case ctrl('D'): return erase(cursor_, std::min(cursor_ + 1, line_.size()));
    case ctrl('H'):
    case kDelete: return erase(cursor_ == 0 ? 0 : cursor_ - 1, cursor_);
    case ctrl('K'): return erase(cursor_, line_.size());
    case ctrl('U'): return erase(0, cursor_);
    case ctrl('W'): {
      usize from = cursor_;
      while (from > 0 && line_[from - 1] == ' ') --from;
      while (from > 0 && line_[from - 1] != ' ') --from;
      return erase(from, cursor_);
    }
    case ctrl('P'): return recall(recalled_ == 0 ? 0 : recalled_ - 1);
    case ctrl('N'): return recall(recalled_ + 1);
    case ctrl('L'): return callbacks_.write("\x1b[H\x1b[2J"), redraw();
    case '\t': return tab();
    default: break;
  }
  const char c = static_cast<char>(byte);
  if (byte >= 0x20) insert(std::string_view(&c, 1));
}

void LineEditor::enter() {
  callbacks_.write("\n");
  const std::string line = std::move(line_);
  clear();
  if (line.find_first_not_of(' ') != std::string::npos && (history_.empty() || history_.back() != line)) {
    if (history_.size() == kMaxHistory) history_.erase(history_.begin());
    history_.push_back(line);
  }
  recalled_ = history_.size();
  callbacks_.line(line);
  redraw();
}

void LineEditor::insert(std::string_view text) {
  if (line_.size() + text.size() > kMaxLine) return;
  line_.insert(cursor_, text);
  cursor_ += text.size();
  if (cursor_ == line_.size())
    callbacks_.write(text);
  else
    redraw();
}

void LineEditor::erase(usize from, usize to) {
  if (from == to) return;
  line_.erase(from, to - from);
  cursor_ = from;
  redraw();
}

void LineEditor::move(usize cursor) {
  cursor_ = cursor;
  redraw();
}

void LineEditor::recall(usize index) {
  recalled_ = std::min(index, history_.size());
  line_ = recalled_ == history_.size() ? std::string{} : history_[recalled_];
  cursor_ = line_.size();
  redraw();
}

void LineEditor::tab() {
  if (cursor_ != line_.size()) return;
  const std::vector<std::string> fitting = callbacks_.complete(line_);
  if (fitting.empty()) return;
  const usize blank = line_.find_last_of(' ');
  const usize typed = line_.size() - (blank == std::string::npos ? 0 : blank + 1);
  std::string common = fitting.front();
  for (const std::string& word : fitting) {
    usize same = 0;
    while (same < common.size() && same < word.size() && common[same] == word[same]) ++same;
    common.resize(same);
  }
  if (fitting.size() == 1) return insert(common.substr(typed) + (common.ends_with('=') ? "" : " "));
  if (common.size() > typed) return insert(common.substr(typed));
  std::string list = "\n";
  for (const std::string& word : fitting) list += word + "  ";
  callbacks_.write(list + "\n");
  redraw();
}

}  // namespace paemu::monitor
