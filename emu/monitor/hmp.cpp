// HmpSession: the text codec. On a keyboard with line editing and echo; from a program, lines in and text out.
#include <nlohmann/json.hpp>

#include "monitor/handlers.hpp"
#include "monitor/line_editor.hpp"
#include "monitor/session.hpp"

namespace paemu::monitor {
namespace {

constexpr char kPrompt[] = "(paemu) ";

class HmpSession final : public Session {
 public:
  HmpSession(Monitor& monitor, Write write, Keyboard keyboard)
      : monitor_(monitor),
        write_(std::move(write)),
        keyboard_(keyboard),
        editor_(kPrompt, {.write = [this](std::string_view text) { write_(text); },
                          .line = [this](const std::string& line) { write_(run_hmp_line(monitor_, line)); },
                          .complete = [this](std::string_view line) { return complete(monitor_, line); }}) {
    monitor_.add_listener(*this);
  }
  ~HmpSession() override { monitor_.remove_listener(*this); }

  void opened() override {
    if (!greeted_) write_("paemu monitor; `help` lists the commands\n");
    greeted_ = open_ = true;
    line_.clear();
    prompt();
  }
  void closed() override {
    if (open_ && keyboard_ == Keyboard::Person) write_("\n");
    open_ = false;
    editor_.clear();
    line_.clear();
  }

  void receive(std::span<const u8> bytes) override {
    for (const u8 byte : bytes) {
      if (keyboard_ == Keyboard::Person)
        editor_.take(byte);
      else
        take_plain(byte);
    }
  }

  void on_event(const MachineEvent& event) override {
    if (!greeted_) return;
    const std::string text = event_text(event);
    if (text.empty()) return;
    if (open_ && keyboard_ == Keyboard::Person)
      editor_.interject(text + "\n");
    else
      write_(text + "\n");
  }

 private:
  void prompt() {
    if (keyboard_ == Keyboard::Person)
      editor_.show_prompt();
    else
      write_(kPrompt);
  }

  void take_plain(u8 byte) {
    if (byte == '\r') return;
    if (byte != '\n') {
      // A line that is too long is cut, and then is no command.
      if (line_.size() < LineEditor::kMaxLine) line_.push_back(static_cast<char>(byte));
      return;
    }
    const std::string line = std::move(line_);
    line_.clear();
    write_(run_hmp_line(monitor_, line));
    prompt();
  }

  Monitor& monitor_;
  Write write_;
  Keyboard keyboard_;
  LineEditor editor_;
  std::string line_;
  bool greeted_ = false;  // was open once: hears of events even while the guest has the keyboard
  bool open_ = false;
};

}  // namespace

std::unique_ptr<Session> make_hmp_session(Monitor& monitor, Session::Write write, Keyboard keyboard) {
  return std::make_unique<HmpSession>(monitor, std::move(write), keyboard);
}

}  // namespace paemu::monitor
