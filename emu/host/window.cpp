#include "host/window.hpp"

#include <SDL.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "host/window_keys.hpp"

namespace paemu::host {
namespace {

constexpr long kFrameNs = 33'000'000;
// After a second in which nothing moved the guest's screen is looked at five times a second only, until something does.
constexpr u32 kQuietFrames = 30, kQuietStep = 6;

// SDL's buttons to the mouse's bits.
u8 button_bit(u8 button) {
  switch (button) {
    case SDL_BUTTON_LEFT: return 1;
    case SDL_BUTTON_RIGHT: return 2;
    case SDL_BUTTON_MIDDLE: return 4;
    case SDL_BUTTON_X1: return 8;
    case SDL_BUTTON_X2: return 16;
    default: return 0;
  }
}

}  // namespace

Or<std::unique_ptr<Window>> Window::open(EventLoop& loop, Size size, WindowEvents events) {
  std::unique_ptr<Window> window(new Window(loop, std::move(events)));
  TRY(window->create(size));
  return window;
}

Or<> Window::create(Size size) {
  // Without a screen SDL takes a driver that shows nothing.
  const char* const screens[] = {"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"};
  if (std::none_of(std::begin(screens), std::end(screens), [](auto name) { return SDL_getenv(name) != nullptr; }))
    return fail("no window can be opened here (there is no screen: DISPLAY is not set); use -display none");
  SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
  SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
  if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0)
    return fail(std::string("no window can be opened here (") + SDL_GetError() + "); use -display none");
  window_ = SDL_CreateWindow("paemu", SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, 720, 400, SDL_WINDOW_RESIZABLE);
  renderer_ = window_ != nullptr ? SDL_CreateRenderer(window_, -1, 0) : nullptr;
  if (renderer_ == nullptr) return fail(std::string("no window can be opened here: ") + SDL_GetError());
  if (size == Size::kFullScreen) toggle_full_screen();
  // The event loop wakes for it, also while the guest or the whole program sleeps.
  timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  const itimerspec often{{0, kFrameNs}, {0, kFrameNs}};
  if (timer_ < 0 || timerfd_settime(timer_, 0, &often, nullptr) != 0) return fail("the system gives no timer");
  watch_ = loop_.watch(timer_, POLLIN, [this](short) {
    u64 expirations;
    if (read(timer_, &expirations, sizeof expirations) <= 0) return;
    take_events();
    if (quiet_ < kQuietFrames || quiet_ % kQuietStep == 0) events_.refresh();
    ++quiet_;
  });
  loop_.set_role(watch_, EventLoop::Role::Input);
  return {};
}

Window::~Window() {
  if (timer_ >= 0) {
    if (watch_ != 0) loop_.unwatch(watch_);
    close(timer_);
  }
  if (texture_ != nullptr) SDL_DestroyTexture(texture_);
  if (renderer_ != nullptr) SDL_DestroyRenderer(renderer_);
  if (window_ != nullptr) SDL_DestroyWindow(window_);
  SDL_QuitSubSystem(SDL_INIT_VIDEO);
}

// --- What the user does.

void Window::take_events() {
  SDL_Event event;
  while (SDL_PollEvent(&event) != 0) {
    quiet_ = 0;
    handle(event);
  }
}

void Window::refresh(const Picture& picture, const std::string& state) {
  update_title(state);
  const bool resized = picture.width != shown_.width || picture.height != shown_.height;
  if (!stale_ && !resized && picture.key == shown_.key) return;
  quiet_ = 0;
  if (resized && picture.width != 0) {
    // The window follows the guest's size as long as the user has not chosen another.
    int width = 0, height = 0;
    SDL_GetWindowSize(window_, &width, &height);
    const bool followed =
        shown_.width == 0 || (width == static_cast<int>(shown_.width) && height == static_cast<int>(shown_.height));
    if (followed && !full_screen_)
      SDL_SetWindowSize(window_, static_cast<int>(picture.width), static_cast<int>(picture.height));
    if (texture_ != nullptr) SDL_DestroyTexture(texture_);
    texture_ = SDL_CreateTexture(renderer_, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING,
                                 static_cast<int>(picture.width), static_cast<int>(picture.height));
  }
  shown_ = picture;
  draw();
}

void Window::handle(const SDL_Event& event) {
  switch (event.type) {
    case SDL_QUIT: return events_.close();
    case SDL_WINDOWEVENT:
      if (event.window.event == SDL_WINDOWEVENT_FOCUS_LOST) {
        release_keys();
        grab(false);
      }
      stale_ = true;
      return;
    case SDL_KEYDOWN:
    case SDL_KEYUP: return on_key(event);
    case SDL_MOUSEBUTTONDOWN:
      if (!grabbed_) return grab(true);
      buttons_ |= button_bit(event.button.button);
      return events_.pointer(0, 0, 0, buttons_);
    case SDL_MOUSEBUTTONUP:
      buttons_ &= static_cast<u8>(~button_bit(event.button.button));
      if (grabbed_) events_.pointer(0, 0, 0, buttons_);
      return;
    case SDL_MOUSEMOTION:
      if (grabbed_) events_.pointer(event.motion.xrel, event.motion.yrel, 0, buttons_);
      return;
    case SDL_MOUSEWHEEL:
      if (grabbed_) events_.pointer(0, 0, -event.wheel.y, buttons_);
      return;
    default: return;
  }
}

void Window::on_key(const SDL_Event& event) {
  if (event.key.repeat != 0) return;  // the guest's keyboard repeats by itself
  const u32 scan_code = event.key.keysym.scancode;
  const bool down = event.type == SDL_KEYDOWN;
  const bool both = (event.key.keysym.mod & KMOD_CTRL) != 0 && (event.key.keysym.mod & KMOD_ALT) != 0;
  if (down && both && on_hotkey(scan_code)) return;
  const u8 key = key_of_sdl(scan_code);
  if (key == 0) return;
  const auto held = std::find(held_.begin(), held_.end(), key);
  if (down == (held != held_.end())) return;  // a hotkey's release, or a key that was down before the window was
  if (down)
    held_.push_back(key);
  else
    held_.erase(held);
  events_.keys(key_codes(key, down));
}

bool Window::on_hotkey(u32 scan_code) {
  switch (scan_code) {
    case SDL_SCANCODE_G: grab(!grabbed_); return true;
    case SDL_SCANCODE_F: toggle_full_screen(); return true;
    case SDL_SCANCODE_S:
      fit_ = !fit_;
      stale_ = true;
      return true;
    case SDL_SCANCODE_V:
      release_keys();  // Ctrl and Alt must not be part of the text
      if (char* text = SDL_GetClipboardText(); text != nullptr) {
        events_.paste(text);
        SDL_free(text);
      }
      return true;
    default: return false;
  }
}

void Window::release_keys() {
  for (const u8 key : held_) events_.keys(key_codes(key, false));
  held_.clear();
}

void Window::grab(bool on) {
  if (on == grabbed_) return;
  grabbed_ = on;
  SDL_SetRelativeMouseMode(on ? SDL_TRUE : SDL_FALSE);
  SDL_SetWindowKeyboardGrab(window_, on ? SDL_TRUE : SDL_FALSE);
  if (!on && buttons_ != 0) {
    buttons_ = 0;
    events_.pointer(0, 0, 0, 0);
  }
}

void Window::toggle_full_screen() {
  full_screen_ = !full_screen_;
  SDL_SetWindowFullscreen(window_, full_screen_ ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
  stale_ = true;
}

// --- What the user sees.

void Window::draw() {
  stale_ = false;
  SDL_SetRenderDrawColor(renderer_, 0, 0, 0, 255);
  SDL_RenderClear(renderer_);
  if (texture_ != nullptr) {
    SDL_UpdateTexture(texture_, nullptr, shown_.pixels.data(), static_cast<int>(shown_.width * sizeof(u32)));
    int width = 0, height = 0;
    SDL_GetRendererOutputSize(renderer_, &width, &height);
    const float w = static_cast<float>(shown_.width), h = static_cast<float>(shown_.height);
    float scale = std::min(static_cast<float>(width) / w, static_cast<float>(height) / h);
    if (!fit_ && scale >= 1) scale = static_cast<float>(static_cast<int>(scale));
    const SDL_FRect place{(static_cast<float>(width) - w * scale) / 2, (static_cast<float>(height) - h * scale) / 2,
                          w * scale, h * scale};
    SDL_RenderCopyF(renderer_, texture_, nullptr, &place);
  }
  SDL_RenderPresent(renderer_);
}

void Window::update_title(const std::string& state) {
  const std::string title = state + (grabbed_ ? " - Ctrl+Alt+G releases the mouse" : "");
  if (title == title_) return;
  title_ = title;
  SDL_SetWindowTitle(window_, title.c_str());
}

}  // namespace paemu::host
