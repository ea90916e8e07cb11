// The mux: who has the keyboard.
#include "host/mux.hpp"

#include <catch2/catch.hpp>

using namespace paemu::host;

namespace {

class Keyboard final : public Chardev {
 public:
  explicit Keyboard(std::string& screen) : screen_(screen) {}
  void write(std::span<const u8> bytes) override { screen_.append(bytes.begin(), bytes.end()); }
  void flush() override {}
  void hold_input(bool) override {}
  bool open() const override { return true; }
  std::string filename() const override { return "keyboard"; }
  bool interactive() const override { return true; }
  void type(std::string_view keys) { receive_(std::span(reinterpret_cast<const u8*>(keys.data()), keys.size())); }

 private:
  std::string& screen_;
};

struct Desk {
  std::string screen, first, second;
  bool left = false;
  Keyboard* keyboard = new Keyboard(screen);
  Mux mux{std::unique_ptr<Chardev>(keyboard), [this] { left = true; }};
  std::unique_ptr<Chardev> serial = mux.add_user(), monitor = mux.add_user();
  Desk() {
    serial->on_receive([this](std::span<const u8> b) { first.append(b.begin(), b.end()); });
    monitor->on_receive([this](std::span<const u8> b) { second.append(b.begin(), b.end()); });
  }
};

}  // namespace

TEST_CASE("Ctrl-A c gives the keyboard to the next user, in the middle of a burst too") {
  Desk d;
  d.keyboard->type(
      "ls\n\x01"
      "cinfo\n\x01");
  d.keyboard->type("cpwd\n");
  CHECK(d.first == "ls\npwd\n");
  CHECK(d.second == "info\n");
}

TEST_CASE("Ctrl-A Ctrl-A is one Ctrl-A, and other keys after it are swallowed") {
  Desk d;
  d.keyboard->type(
      "a\x01\x01"
      "b\x01zc");
  CHECK(d.first ==
        "a\x01"
        "bc");
}

TEST_CASE("Ctrl-A x leaves and Ctrl-A h helps") {
  Desk d;
  d.keyboard->type("\x01h");
  CHECK(d.screen.find("Ctrl-A x") != std::string::npos);
  CHECK_FALSE(d.left);
  d.keyboard->type("\x01x");
  CHECK(d.left);
}

TEST_CASE("both users' output goes through") {
  Desk d;
  d.serial->write("guest ");
  d.monitor->write("monitor");
  CHECK(d.screen == "guest monitor");
}
