// Windows: pages that a program may access, at the host addresses that their linear ones name (memory/host_window.hpp).
//
// A third layer over the fast entries of user accesses: what a window shows has a fast entry, for writing where it may
// be written. Each address space has its own, so that a change of page tables and back leaves it as it is.
#include "mmu/mmu.hpp"

namespace paemu {

static_assert(HostWindow::kPlaces == FastTable::kEntries);

u8* Mmu::window_base() const { return space_->window != nullptr ? space_->window->base() : HostWindow::nowhere(); }

bool Mmu::show_in_window(u32 linear) {
  if (!(state_.cr0 & cr0::kPaging) || undoable_) return false;
  const u8* const read = host_pointer(linear, 1, Access::kRead, Privilege::kUser);
  const u8* const write = host_pointer(linear, 1, Access::kWrite, Privilege::kUser);
  const u8* const host = write != nullptr ? write : read;
  if (host == nullptr) return false;
  if (space_->window == nullptr) space_->window = HostWindow::create();
  if (space_->window == nullptr) return false;
  if (!memory_.show_page(host - (linear & kPageMask), *space_->window, linear, write != nullptr)) return false;
  ++counters.shown;
  return true;
}

// After the tables were changed: what was shown when they were last in use, less what has no fast entry any more.
void Mmu::renew_window() {
  if (space_->window == nullptr) return;
  space_->window->retain([this](const HostWindow::Page& page) {
    const auto at = [&](Access a) { return host_pointer(page.linear, 1, a, Privilege::kUser); };
    return page.host == at(Access::kWrite) || (!page.writable && page.host == at(Access::kRead));
  });
}

void Mmu::hide_all_windows() {
  for (AddressSpace& s : spaces_) {
    if (s.window != nullptr) s.window->hide_all();
  }
}

// No store may reach this page of the host any more.
void Mmu::hide_writable(const u8* host) {
  for (AddressSpace& s : spaces_) {
    if (s.window != nullptr) s.window->hide_writable(host);
  }
}

}  // namespace paemu
