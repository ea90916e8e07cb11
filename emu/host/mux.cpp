#include "host/mux.hpp"

namespace paemu::host {

// One user's view of the shared device.
class Mux::User final : public Chardev {
 public:
  explicit User(Mux& mux) : mux_(mux) {}

  void write(std::span<const u8> bytes) override { mux_.device_->write(bytes); }
  void flush() override { mux_.device_->flush(); }
  // The keys come in order: those behind wait too, and Ctrl-A among them.
  void hold_input(bool hold) override { mux_.device_->hold_input(hold); }
  bool open() const override { return mux_.device_->open(); }
  std::string filename() const override { return "mux"; }
  bool interactive() const override { return mux_.device_->interactive(); }
  bool is_terminal() const override { return mux_.device_->is_terminal(); }

  void give(std::span<const u8> bytes) {
    if (receive_ && !bytes.empty()) receive_(bytes);
  }
  // It has the keyboard now, or no more.
  void focus(bool gained) {
    if (opened_) opened_(gained);
  }

 private:
  Mux& mux_;
};

Mux::Mux(std::unique_ptr<Chardev> device, std::function<void()> leave)
    : device_(std::move(device)), leave_(std::move(leave)) {
  device_->on_receive([this](std::span<const u8> bytes) { receive(bytes); });
}

std::unique_ptr<Chardev> Mux::add_user() {
  auto user = std::make_unique<User>(*this);
  users_.push_back(user.get());
  return user;
}

void Mux::receive(std::span<const u8> bytes) {
  usize begin = 0;
  for (usize i = 0; i < bytes.size(); ++i) {
    if (!escaped_ && bytes[i] != kMuxEscape) continue;
    users_[current_]->give(bytes.subspan(begin, i - begin));
    if (escaped_)
      escape(bytes[i]);
    else
      escaped_ = true;
    begin = i + 1;
  }
  users_[current_]->give(bytes.subspan(begin));
}

void Mux::escape(u8 key) {
  escaped_ = false;
  switch (key) {
    case 'c':
      users_[current_]->focus(false);
      current_ = (current_ + 1) % users_.size();
      users_[current_]->focus(true);
      break;
    case 'x':
      say("\n");
      leave_();
      break;
    case 'h':
    case '?':
      say("\nCtrl-A h       this help\nCtrl-A c       switch between the guest's console and the monitor\n"
          "Ctrl-A x       leave paemu\nCtrl-A Ctrl-A  send one Ctrl-A\n");
      break;
    case kMuxEscape: users_[current_]->give(std::span(&key, 1)); break;
    default: break;  // no such escape: both keys are swallowed, as in QEMU
  }
}

void Mux::say(std::string_view text) { device_->write(text); }

}  // namespace paemu::host
