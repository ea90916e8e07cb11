// The window: what it reports goes the way of all input, and is ignored in a replay.
#include <algorithm>

#include "app/emulator.hpp"
#include "monitor/key_names.hpp"
#include "monitor/typing.hpp"
#include "replay/arrival.hpp"

namespace paemu::app {
namespace {

using monitor::RunState;

const char* state_text(RunState state, bool replaying) {
  switch (state) {
    case RunState::Prelaunch:
    case RunState::Paused: return " [paused]";
    case RunState::Shutdown: return " [shut down]";
    case RunState::Running: break;
  }
  return replaying ? " [replaying]" : "";
}

// What the keyboard does not have is left out.
std::string typeable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (monitor::key_of_character(c).ok()) out += c;
  }
  return out;
}

}  // namespace

Or<> Emulator::open_window() {
  using host::Window;
  const auto submit_input = [this](Arrival arrival) {
    if (live_ != nullptr && state_ == RunState::Running) live_->queue(std::move(arrival));
  };
  host::WindowEvents events;
  events.keys = [=](std::vector<u8> codes) { submit_input(arrival::keys(codes)); };
  events.pointer = [=](i32 dx, i32 dy, i32 wheel, u8 buttons) {
    const auto clamped = [](i32 value, i32 most) { return std::clamp(value, -most, most); };
    submit_input(arrival::pointer({static_cast<i16>(clamped(dx, 32767)), static_cast<i16>(clamped(dy, 32767)),
                                   static_cast<i8>(clamped(wheel, 127)), buttons}));
  };
  events.paste = [this](std::string text) {
    if (const Or<> typed = monitor::type(*this, typeable(text)); !typed) log_.line("paste: " + typed.error().sentence);
  };
  events.close = [this] { quit(); };
  events.refresh = [this] { refresh_window(); };
  window_ = TRY(Window::open(loop_, options_.display.full_screen ? Window::Size::kFullScreen : Window::Size::kNormal,
                             std::move(events)));
  return {};
}

void Emulator::refresh_window() {
  (void)machine_->picture(screen_);
  window_->refresh(screen_, options_.name + state_text(state_, replaying()));
}

}  // namespace paemu::app
