// The two layers of the TLB: filling and forgetting.
#include "mmu/mmu.hpp"

namespace paemu {

bool Mmu::valid(const Translation& t, u32 linear) const {
  if (t.page != (linear & ~kPageMask)) return false;
  return t.generation == generation_ || ((t.rights & page_right::kGlobal) && t.generation >= global_floor_);
}

// Whether a held translation will do. One whose rights do not suffice is walked anew: the guest may have widened them
// without a flush, and a first write has to set the dirty bit (SDM 3A, 4.10.2.3, 4.8).
bool Mmu::usable(const Translation& t, u32 linear, Access access, Privilege privilege) const {
  return valid(t, linear) && allowed(t.rights, access, privilege, state_.cr0 & cr0::kWriteProtect) &&
         (access != Access::kWrite || (t.rights & page_right::kDirty));
}

// A page fault invalidates what is held for its address (SDM 3A, 4.10.4.1).
void Mmu::note_page_fault(u32 linear, u32 error_code) {
  forget(Access::kRead, linear);
  forget(Access::kFetch, linear);
  fault_ = Fault{Vector::kPageFault, error_code, GuestLinear{linear}};
}

// The frame of `linear`, from the TLB or by a walk.
bool Mmu::frame_of(u32 linear, Access access, Privilege privilege, u64& frame) {
  if (!(state_.cr0 & cr0::kPaging)) {
    frame = linear & ~kPageMask;
    return true;
  }
  Translation& t = slot(access, linear);
  if (usable(t, linear, access, privilege)) {
    frame = t.frame;
    return true;
  }

  ++counters.walks;
  const Walk walk = walker_.walk(linear, access, privilege);
  if (!walk.ok) {
    note_page_fault(linear, walk.error_code);
    return false;
  }
  // The fast entries are a subset of these: what goes here goes there.
  forget_fast(access, linear);
  if (walk.rights & page_right::kLarge) large_held_[linear >> 22] = true;
  note(UndoLog::Kind::kTlb, t, linear);
  let_go(t);
  const u16 held = walk.rights & page_right::kGlobal ? AddressSpace::kNotHeld : hold(linear, access, walk);
  t = Translation{linear & ~kPageMask, walk.rights, 0, held, walk.frame, generation_};
  frame = walk.frame;
  return true;
}

// Would frame_of() find it? Leaves accessed and dirty bits alone.
bool Mmu::reachable(u32 linear, Access access, Privilege privilege) {
  if (!(state_.cr0 & cr0::kPaging) || usable(slot(access, linear), linear, access, privilege)) return true;
  const Walk walk = walker_.check(linear, access, privilege);
  if (!walk.ok) note_page_fault(linear, walk.error_code);
  return walk.ok;
}

void Mmu::fill_fast(u32 linear, Access access, Privilege privilege, const Piece& piece) {
  if (piece.host == nullptr) return;
  if (access != Access::kFetch) {
    if (watching_ && page_watched(linear)) return;
    if (alignment_check_ && privilege == Privilege::kUser) return;
  }
  if (access == Access::kRead && memory_.untouched(piece.address)) return;
  if (access == Access::kWrite) {
    if (piece.rom || !written_fast(piece.address) || (undoable_ && undo_ == nullptr)) return;
    if (undo_ != nullptr) {
      undo_->note_loan({linear & ~kPageMask, privilege, GuestPhys{piece.address.value & ~u64{kPageMask}},
                        piece.host - (linear & kPageMask)});
    }
  }
  FastTable& table = fast_[static_cast<u32>(access)][static_cast<u32>(privilege)];
  u32& tag = table.tag[index_of(linear)];
  u64& addend = table.addend[index_of(linear)];
  const u64 new_addend = reinterpret_cast<u64>(piece.host) - linear;
  if (tag == FastTable::tag_of(linear) && addend == new_addend) return;  // there, and noted
  if (access == Access::kFetch && tag != FastTable::kFree) note_code_pages_lost();
  addend = new_addend;
  tag = FastTable::tag_of(linear);
  const bool outlives_cr3 = !(state_.cr0 & cr0::kPaging) || (slot(access, linear).rights & page_right::kGlobal);
  const bool loan = undoable_ && access == Access::kWrite;
  if (!outlives_cr3 && !loan) note_place(linear, access, privilege, addend);
}

void Mmu::forget_fast(Access access, u32 linear) {
  const u32 i = index_of(linear);
  const auto drop = [&](Access a) {
    for (FastTable& table : fast_[static_cast<u32>(a)]) table.tag[i] = FastTable::kFree;
  };
  if (access == Access::kFetch) {
    drop(Access::kFetch);
    note_code_pages_lost();
  } else {
    drop(Access::kRead);
    drop(Access::kWrite);
    if (space_->window != nullptr) space_->window->hide(i);
  }
}

// Forgets what is held for the page of `linear`, if anything is.
void Mmu::forget(Access access, u32 linear) {
  Translation& t = slot(access, linear);
  if (!valid(t, linear)) return;
  note(UndoLog::Kind::kTlb, t, linear);
  let_go(t);
  t.generation = 0;
  forget_fast(access, linear);
}

void Mmu::clear_fast() {
  for (auto& by_privilege : fast_) {
    for (FastTable& table : by_privilege) table.drop();
  }
  note_code_pages_lost();
}

// For reasons of the host: nothing that was at hand, in these tables or in others, is right any more.
void Mmu::drop_fast() {
  clear_fast();
  hide_all_windows();
  ++fast_epoch_;
  renew_hosts(*space_);
}

void Mmu::flush_non_global(u64 now) {
  ++counters.flushes;
  // A kernel that changes page tables at each entry shares with its programs what it enters by: that stays at hand.
  drop_local_fast();
  ++generation_;
  enter_space(now);
}

void Mmu::flush_all() {
  ++counters.flushes;
  ++generation_;
  drop_fast();
  forget_spaces();
  global_floor_ = generation_;
  large_held_.fill(false);
}

void Mmu::flush_page(u32 linear) {
  ++counters.page_flushes;
  forget(Access::kRead, linear);
  forget(Access::kFetch, linear);
  const u32 region = linear >> 22;
  if (!large_held_[region]) return;
  // Large pages are held in pieces of 4 KiB; INVLPG drops the whole page.
  large_held_[region] = false;
  for (u32 n = 0; n < 1024; ++n) {
    const u32 page = (region << 22) | (n << kPageShift);
    for (const Access a : {Access::kRead, Access::kFetch}) {
      if (slot(a, page).rights & page_right::kLarge) forget(a, page);
    }
  }
}

void Mmu::paging_changed(u32 old_cr0, u32 old_cr4, u32 old_efer) {
  const u32 cr0_changed = old_cr0 ^ state_.cr0;
  const u32 cr4_changed = old_cr4 ^ state_.cr4;
  if ((cr0_changed & (cr0::kPaging | cr0::kProtection)) || (cr4_changed & (cr4::kPse | cr4::kPae | cr4::kPge)) ||
      ((old_efer ^ state_.efer) & efer::kNoExecute)) {
    flush_all();
  } else if (cr0_changed & cr0::kWriteProtect) {
    drop_fast();  // held rights are raw; only what was derived with the old WP must go
  }
}

bool Mmu::read_pdptes(u32 cr3, u64 out[4]) {
  // Reserved: 2:1, 8:5, and from the physical address width up, bit 63 included (SDM 3A, table 4-8).
  const u64 reserved = 0x1e6 | walker_.address_reserved() | (u64{1} << 63);
  for (u32 i = 0; i < 4; ++i) {
    out[i] = walker_.read_entry<u64>((cr3 & 0xffffffe0) + 8 * i);
    if ((out[i] & 1) && (out[i] & reserved)) return false;
  }
  return true;
}

void Mmu::set_a20(bool enabled) {
  if (enabled == a20()) return;
  a20_mask_ = enabled ? ~u64{0} : ~(u64{1} << 20);
  walker_.set_a20_mask(a20_mask_);
  drop_fast();
}

void Mmu::set_alignment_check(bool enabled) {
  if (enabled == alignment_check_) return;
  alignment_check_ = enabled;
  drop_fast();
}

void Mmu::on_frame_watched(Pfn frame) {
  const u64 host = reinterpret_cast<u64>(memory_.host_page(phys_of(frame)));
  for (FastTable& table : fast_[static_cast<u32>(Access::kWrite)]) {
    for (u32 n = 0; n < kEntries; ++n) {
      const u64 linear = u64{0u - table.tag[n]} << kPageShift;  // of a free entry: no address of the host
      if (table.addend[n] + linear == host) table.tag[n] = FastTable::kFree;
    }
  }
  hide_writable(memory_.host_page(phys_of(frame)));
}

}  // namespace paemu
