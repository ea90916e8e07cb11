// AddressSpace: what the TLB held of one set of page tables when the guest changed to another.
//
// A kernel that changes page tables at each entry would fill the TLB anew twice a system call. So MOV to CR3 forgets
// what is not global, as it must, and then takes up again what was held when these tables were last in use, as far as
// the tables still say the same: each translation is kept with the entries that it was made from, and these are
// compared. To the guest that is a processor that fills its TLB ahead of use, at the moment of the move (SDM
// 3A, 4.10.2.3). What is taken up depends on the guest's accesses and its memory alone, never on where run slices end.
//
// Private to Mmu.
#pragma once

#include <array>
#include <memory>

#include "memory/host_window.hpp"

namespace paemu {
using namespace base;

struct AddressSpace {
  static constexpr u32 kMostPages = 2048;   // the latest
  static constexpr u32 kMostPlaces = 4096;  // of fast entries that may have to be dropped one by one
  // Each page costs something to take up, whether it will be used or not. All are when the guest has stayed for so many
  // instructions a page since the last return; after a short stay the latest of them are.
  static constexpr u64 kStayPerPage = 100;
  static constexpr u32 kPagesAfterShortStay = 64, kPlacesAfterShortStay = 96;
  // So often nothing is taken up, so that pages that are not used any more drop out.
  static constexpr u32 kRenewal = 1024;
  static constexpr u16 kNotHeld = 0xffff;
  static_assert(kMostPages <= kNotHeld);

  // A translation that is not global.
  struct Page {
    u32 held_in = 0;    // the stay during which it was last in the TLB (AddressSpace::stay)
    bool gone = false;  // from the TLB while the tables were in use
    bool code = false;
    u8 rights = 0;   // page_right
    u32 linear = 0;  // address of the page
    u64 frame = 0;
    u64 leaf_address = 0, leaf = 0;    // physical address of its entry, and what stood there
    u64 table_address = 0, table = 0;  // the same of the entry that refers to the leaf's table; a large page's: its own
    // Where the two entries are, while AddressSpace::fast_epoch is the Mmu's.
    const u8 *leaf_host = nullptr, *table_host = nullptr;
  };
  // A fast entry made from one of them.
  struct Place {
    u8 table = 0;  // access * 2 + privilege
    u16 page = kNotHeld;
    u16 index = 0;   // in the table
    u32 linear = 0;  // address of the page
    u64 addend = 0;
  };

  bool used = false;
  u32 cr3 = 0;
  std::array<u64, 4> pdpte{};
  u32 page_count = 0, next_page = 0;  // a ring
  u32 stay = 1;     // counts returns
  u64 entered = 0;  // instructions retired at the last
  u32 returns = 0;
  u32 place_count = 0;  // more than kMostPlaces: there are some that are not listed
  u64 fast_epoch = 0;   // of the Mmu when the places were listed
  std::array<Page, kMostPages> pages;
  std::array<Place, kMostPlaces> places;
  std::unique_ptr<HostWindow> window;  // made when something is to be shown

  bool held(const Page& page) const { return page.held_in == stay; }
  void clear() { page_count = next_page = place_count = returns = 0; }
};

}  // namespace paemu
