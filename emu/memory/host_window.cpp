#include "memory/host_window.hpp"

#include <sys/mman.h>

namespace paemu {
namespace {
u32 pages_shown = 0;  // by all windows: only the machine's thread has any

bool take_away(u8* place) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  return mmap(place, kPageSize, PROT_NONE, kFlags, -1, 0) != MAP_FAILED;
}
}  // namespace

// Reserves a window's addresses, or those at `at` anew, which takes down what is shown there.
u8* HostWindow::reserve(u8* at) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const place = mmap(at, kSize, PROT_NONE, at == nullptr ? kFlags : kFlags | MAP_FIXED, -1, 0);
  return place == MAP_FAILED ? nullptr : static_cast<u8*>(place);
}

std::unique_ptr<HostWindow> HostWindow::create() {
  u8* const base = reserve(nullptr);
  return base == nullptr ? nullptr : std::unique_ptr<HostWindow>(new HostWindow(base));
}

u8* HostWindow::nowhere() {
  static u8* const base = reserve(nullptr);
  return base;
}

HostWindow::~HostWindow() {
  pages_shown -= count();
  munmap(base_, kSize);
}

bool HostWindow::show(u32 linear, const HostMapping& memory, u64 offset, bool writable) {
  const u32 place = place_of(linear);
  hide(place);
  const u32 page = linear & ~kPageMask;
  if (pages_shown >= kMostPages) return false;
  if (!memory.show_page(offset, base_ + page, writable)) {
    // Nobody else's memory may come to lie there.
    if (!take_away(base_ + page)) __builtin_trap();
    return false;
  }
  ++pages_shown;
  pages_[place] = {page, writable, memory.data() + offset};
  position_[place] = static_cast<u16>(shown_.size());
  shown_.push_back(static_cast<u16>(place));
  return true;
}

void HostWindow::take_down(u32 place) {
  if (!take_away(base_ + pages_[place].linear)) return hide_all();
  pages_[place] = {};
  const u16 last = shown_.back();
  shown_[position_[place]] = last;
  position_[last] = position_[place];
  shown_.pop_back();
  --pages_shown;
}

void HostWindow::hide_writable(const u8* host) {
  for (u32 n = count(); n-- > 0 && n < count();) {
    const Page& page = pages_[shown_[n]];
    if (page.writable && page.host == host) take_down(shown_[n]);
  }
}

void HostWindow::hide_all() {
  if (count() == 0) return;
  // What is shown must not stay so. This takes mappings away, so that a host that refuses it is beyond use.
  if (reserve(base_) == nullptr) __builtin_trap();
  for (const u16 place : shown_) pages_[place] = {};
  pages_shown -= count();
  shown_.clear();
}

}  // namespace paemu
