// What Mmu does around a move to CR3.
#include "mmu/address_space.hpp"

#include <algorithm>

#include "mmu/mmu.hpp"

namespace paemu {
namespace {

constexpr u64 kDirtyBit = 1u << 6;  // SDM 3A, table 4-11 and its like

// All ones, which is no entry, where there is no memory any more.
u64 read_entry(const u8* host, bool pae) {
  u64 wide = ~u64{0};
  u32 narrow = 0;
  if (host == nullptr) return wide;
  if (pae) {
    std::memcpy(&wide, host, sizeof wide);
    return wide;
  }
  std::memcpy(&narrow, host, sizeof narrow);
  return narrow;
}

}  // namespace

// Does the guest's memory still say of `page` what it said? A dirty bit that came is no loss: the translation that
// lacks it is walked again at the first write.
bool Mmu::unchanged(const AddressSpace::Page& page) const {
  const bool pae = state_.cr4 & cr4::kPae;
  const u64 leaf = read_entry(page.leaf_host, pae), changed = leaf ^ page.leaf;
  if ((changed & ~kDirtyBit) != 0 || (changed & page.leaf & kDirtyBit) != 0) return false;
  return page.table_host == page.leaf_host || read_entry(page.table_host, pae) == page.table;
}

// Notes a translation that was just made by a walk. -> its number in the address space
u16 Mmu::hold(u32 linear, Access access, const Walk& walk) {
  AddressSpace& s = *space_;
  // PDPTEs may be loaded without a flush (SDM 3A, 4.4.1); what they lead to then is not this address space's.
  if ((state_.cr4 & cr4::kPae) && state_.pdpte[linear >> 30] != s.pdpte[linear >> 30]) return AddressSpace::kNotHeld;
  note(UndoLog::Kind::kTlb, s.next_page);
  note(UndoLog::Kind::kTlb, s.page_count);
  const u32 n = s.next_page;
  s.next_page = (n + 1) % AddressSpace::kMostPages;
  AddressSpace::Page& p = s.pages[n];
  note(UndoLog::Kind::kOwn, p);
  if (n == s.page_count) {
    ++s.page_count;
  } else if (s.held(p)) {
    Translation& t = slot(p.code ? Access::kFetch : Access::kRead, p.linear);
    note(UndoLog::Kind::kTlb, t, p.linear);
    t.held = AddressSpace::kNotHeld;
  }
  p = AddressSpace::Page{.held_in = s.stay,
                         .code = access == Access::kFetch,
                         .rights = walk.rights,
                         .linear = linear & ~kPageMask,
                         .frame = walk.frame,
                         .leaf_address = walk.leaf_address,
                         .leaf = walker_.entry(walk.leaf_address),
                         .table_address = walk.table_address,
                         .table = walker_.entry(walk.table_address),
                         .leaf_host = walker_.host(walk.leaf_address),
                         .table_host = walker_.host(walk.table_address)};
  return static_cast<u16>(n);
}

// The translation goes before its tables are left.
void Mmu::let_go(Translation& t) {
  if (t.held != AddressSpace::kNotHeld && t.generation == generation_) {
    AddressSpace::Page& p = space_->pages[t.held];
    note(UndoLog::Kind::kOwn, p);
    p.held_in = 0;
    p.gone = true;
  }
  t.held = AddressSpace::kNotHeld;
}

// Lists a fast entry that must go when the tables change.
void Mmu::note_place(u32 linear, Access access, Privilege privilege, u64 addend) {
  AddressSpace& s = *space_;
  if (s.place_count > AddressSpace::kMostPlaces) return;
  note(UndoLog::Kind::kOwn, s.place_count);
  if (s.place_count < AddressSpace::kMostPlaces) {
    note(UndoLog::Kind::kOwn, s.places[s.place_count]);
    s.places[s.place_count] = {.table = static_cast<u8>(static_cast<u32>(access) * 2 + static_cast<u32>(privilege)),
                               .page = slot(access, linear).held,
                               .index = static_cast<u16>(index_of(linear)),
                               .linear = linear & ~kPageMask,
                               .addend = addend};
  }
  ++s.place_count;
}

void Mmu::drop_local_fast() {
  AddressSpace& s = *space_;
  if (s.place_count > AddressSpace::kMostPlaces) {
    clear_fast();
    s.place_count = AddressSpace::kMostPlaces;
    return;
  }
  for (u32 n = 0; n < s.place_count; ++n) {
    const AddressSpace::Place& p = s.places[n];
    fast_[p.table / 2][p.table % 2].tag[p.index] = FastTable::kFree;
  }
  note_code_pages_lost();
}

// The address space of the tables in CR3: one that is known, or a new one in the place of the next in turn.
AddressSpace& Mmu::find_space() {
  const auto is_current = [this](const AddressSpace& s) {
    return s.used && s.cr3 == state_.cr3 && (!(state_.cr4 & cr4::kPae) || std::ranges::equal(s.pdpte, state_.pdpte));
  };
  const auto known = std::ranges::find_if(spaces_, is_current);
  if (known != spaces_.end()) return *known;
  AddressSpace& s = spaces_[next_space_];
  next_space_ = (next_space_ + 1) % static_cast<u32>(spaces_.size());
  s.clear();
  s.used = true;
  s.cr3 = state_.cr3;
  s.fast_epoch = fast_epoch_;
  std::ranges::copy(state_.pdpte, s.pdpte.begin());
  return s;
}

// After the host's addresses changed: looks the entries up anew. Fast entries were dropped.
void Mmu::renew_hosts(AddressSpace& s) {
  s.fast_epoch = fast_epoch_;
  s.place_count = 0;
  for (u32 n = 0; n < s.page_count; ++n) {
    s.pages[n].leaf_host = walker_.host(s.pages[n].leaf_address);
    s.pages[n].table_host = walker_.host(s.pages[n].table_address);
  }
}

// After the flush: takes up what the tables still say, in the architectural layer and then in the fast one.
void Mmu::enter_space(u64 now) {
  AddressSpace& s = *(space_ = &find_space());
  const bool stayed = now - s.entered >= AddressSpace::kStayPerPage * s.page_count;
  s.entered = now;
  ++s.stay;
  if (++s.returns == AddressSpace::kRenewal) s.clear();
  if (s.fast_epoch != fast_epoch_) renew_hosts(s);
  const u32 most_pages = stayed ? AddressSpace::kMostPages : AddressSpace::kPagesAfterShortStay;
  const u32 most_places = stayed ? AddressSpace::kMostPlaces : AddressSpace::kPlacesAfterShortStay;
  const u32 pages = std::min(s.page_count, most_pages);
  for (u32 n = 0, at = s.next_page; n < pages; ++n) {  // from the latest on
    at = (at == 0 ? AddressSpace::kMostPages : at) - 1;
    AddressSpace::Page& p = s.pages[at];
    if (p.gone) continue;
    Translation& t = slot(p.code ? Access::kFetch : Access::kRead, p.linear);
    // What is there now stays: a global page, or one of these of the same place.
    if (t.generation == generation_ || ((t.rights & page_right::kGlobal) && t.generation >= global_floor_) ||
        !unchanged(p))
      continue;
    p.held_in = s.stay;
    t = Translation{p.linear, p.rights, 0, static_cast<u16>(at), p.frame, generation_};
    if (p.rights & page_right::kLarge) large_held_[p.linear >> 22] = true;
  }
  const u32 listed = s.place_count;
  s.place_count = 0;
  for (u32 n = listed > most_places ? listed - most_places : 0; n < listed; ++n) {
    const AddressSpace::Place p = s.places[n];
    if (p.page == AddressSpace::kNotHeld || !s.held(s.pages[p.page]) || s.pages[p.page].linear != p.linear) continue;
    const bool for_write = p.table / 2 == static_cast<u32>(Access::kWrite);
    if (for_write && !written_fast(GuestPhys{s.pages[p.page].frame & a20_mask_})) continue;
    FastTable& table = fast_[p.table / 2][p.table % 2];
    table.tag[p.index] = FastTable::tag_of(p.linear);
    table.addend[p.index] = p.addend;
    s.places[s.place_count++] = p;
  }
  renew_window();
}

// Nothing of any tables is to be taken up again.
void Mmu::forget_spaces() {
  for (AddressSpace& s : spaces_) s.used = false;
  next_space_ = 0;
  space_ = &find_space();
}

}  // namespace paemu
