// Window: the guest's screen on the user's, by SDL2; keyboard and mouse for the guest.
//
// Only draws and reports. Single-threaded: the event loop, between two slices of the guest's time, has it take the user's
// events some thirty times a second, and ask for the picture as often as that seems worth it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "host/event_loop.hpp"
#include "replay/picture.hpp"

struct SDL_Window;
struct SDL_Renderer;
struct SDL_Texture;
union SDL_Event;

namespace paemu::host {

struct WindowEvents {
  std::function<void(std::vector<u8> scan_codes)> keys;  // of set 1
  std::function<void(i32 dx, i32 dy, i32 wheel, u8 buttons)> pointer;
  std::function<void(std::string text)> paste;
  std::function<void()> close;
  std::function<void()> refresh;  // time to look: calls Window::refresh()
};

class Window {
 public:
  enum class Size : u8 { kNormal, kFullScreen };
  // Errors: there is no screen to open it on.
  static Or<std::unique_ptr<Window>> open(EventLoop& loop, Size size, WindowEvents events);
  ~Window();
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  // Draws the picture if it has changed, by its key. state: for the title, as "name [paused]".
  void refresh(const Picture& picture, const std::string& state);

 private:
  Window(EventLoop& loop, WindowEvents events) : loop_(loop), events_(std::move(events)) {}
  Or<> create(Size size);
  void take_events();
  void handle(const SDL_Event& event);
  void on_key(const SDL_Event& event);
  bool on_hotkey(u32 scan_code);
  void release_keys();
  void grab(bool on);
  void toggle_full_screen();
  void draw();
  void update_title(const std::string& state);

  EventLoop& loop_;
  WindowEvents events_;
  EventLoop::Watch watch_ = 0;
  int timer_ = -1;
  SDL_Window* window_ = nullptr;
  SDL_Renderer* renderer_ = nullptr;
  SDL_Texture* texture_ = nullptr;
  Picture shown_;
  u32 quiet_ = 0;  // frames since anything moved
  std::string title_;
  std::vector<u8> held_;  // keys that the guest thinks are down, bit 7: extended
  u8 buttons_ = 0;
  bool grabbed_ = false;
  bool full_screen_ = false;
  bool fit_ = false;   // fill the window; else whole multiples of a pixel where they fit
  bool stale_ = true;  // draw, even if the picture is the same
};

}  // namespace paemu::host
