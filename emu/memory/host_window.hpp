// HostWindow: 4 GiB of the host's addresses, reserved, in which pages of the guest's RAM stand where their linear
// addresses say. Who knows that a page may be accessed shows it here; then the host's own page tables do what a look
// into a TLB does. All other accesses within it are faults of the host.
//
// It says nothing about who may access what: that is the owner's to know (emu/mmu/window.cpp).
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "memory/host_mapping.hpp"

namespace paemu {

class HostWindow {
 public:
  // At most one page of those whose numbers agree in these low bits is shown at a time.
  static constexpr u32 kPlaces = 4096;
  static u32 place_of(u32 linear) { return (linear >> kPageShift) % kPlaces; }
  // Of all windows of the process together: the host allows 65530 mappings, and each page may split one in three.
  static constexpr u32 kMostPages = 16384;

  struct Page {
    u32 linear = 0;
    bool writable = false;
    const u8* host = nullptr;  // nullptr: none is shown here
  };

  // nullptr: the host has no such range of addresses left.
  static std::unique_ptr<HostWindow> create();
  // Where nothing is ever shown, for who has no window. nullptr: as above.
  static u8* nowhere();
  ~HostWindow();
  HostWindow(const HostWindow&) = delete;
  HostWindow& operator=(const HostWindow&) = delete;

  u8* base() const { return base_; }
  u32 count() const { return static_cast<u32>(shown_.size()); }
  const Page& at(u32 place) const { return pages_[place]; }

  // Shows the page at `offset` of `memory` as that of `linear`, in the place of any other. False: the host refuses, or
  // too many are shown.
  bool show(u32 linear, const HostMapping& memory, u64 offset, bool writable);
  void hide(u32 place) {
    if (pages_[place].host != nullptr) take_down(place);
  }
  void hide_all();
  void hide_writable(const u8* host);  // where this page of memory is shown for writing
  // Hides each page of which keep(page) is false.
  template <class Keep>
  void retain(Keep&& keep) {
    u32 kept = 0;
    for (const u16 place : shown_) kept += keep(pages_[place]) ? 1 : 0;
    if (kept == count()) return;
    if (kept == 0) return hide_all();
    for (u32 n = count(); n-- > 0 && n < count();) {
      if (!keep(pages_[shown_[n]])) take_down(shown_[n]);
    }
  }

 private:
  // An access may begin at the last byte; none has more than 16.
  static constexpr u64 kSize = 4 * kGiB + kPageSize;
  explicit HostWindow(u8* base) : base_(base) {}
  static u8* reserve(u8* at);
  void take_down(u32 place);

  u8* const base_;
  std::array<Page, kPlaces> pages_;
  std::array<u16, kPlaces> position_;  // in shown_
  std::vector<u16> shown_;             // places
};

}  // namespace paemu
