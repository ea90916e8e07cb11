// Taking back what guest code did: Mmu's side of UndoLog.
#include "mmu/mmu.hpp"

namespace paemu {

void Mmu::make_undoable() {
  undoable_ = true;
  drop_fast();
}

void Mmu::log_into(UndoLog* log) {
  static_assert(std::has_unique_object_representations_v<Translation>);  // they are compared byte by byte
  if (undo_ != nullptr) {
    for (const UndoLog::Loan& l : undo_->loans())
      fast_[static_cast<u32>(Access::kWrite)][static_cast<u32>(l.privilege)].tag[index_of(l.linear)] = FastTable::kFree;
  }
  undo_ = log;
  walker_.log_into(log);
}

// An access that is about to happen. -> may it? If so the pages that it stores to are kept.
bool Mmu::note_access(u32 linear, Access access, const Piece pieces[2]) {
  const u32 count = pieces[1].size != 0 ? 2 : 1;
  for (u32 n = 0; n < count; ++n) {
    if (pieces[n].host != nullptr && !pieces[n].rom) continue;
    undo_->refuse();
    fault_ = Fault{Vector::kGeneralProtection, 0, GuestLinear{linear}};
    return false;
  }
  if (access != Access::kWrite) return true;
  for (u32 n = 0, at = linear; n < count; at += pieces[n].size, ++n) {
    const u32 skew = at & kPageMask;
    undo_->note(UndoLog::Kind::kStore, pieces[n].host - skew, kPageSize, at - skew,
                GuestPhys{pieces[n].address.value - skew});
  }
  return true;
}

// The same before accesses that are asked for ahead, as after a yes an instruction need not look whether they fault.
bool Mmu::note_probe(u32 linear, Access access) {
  const std::optional<GuestPhys> address = translate(linear);
  const bool simple = address && memory_.host_page(*address) != nullptr;
  if (simple && (access != Access::kWrite || !memory_.is_rom(*address))) return true;
  undo_->refuse();
  fault_ = Fault{Vector::kGeneralProtection, 0, GuestLinear{linear}};
  return false;
}

// The newest first, as what was noted of a byte first is what it was before all.
void Mmu::take_back(const UndoLog& log) {
  drop_new_places(log);
  bool code_lost = false;
  for (usize n = log.size(); n-- > 0;) {
    const UndoLog::Entry& e = log.entries()[n];
    const u8* const before = log.before(e);
    switch (e.kind) {
      case UndoLog::Kind::kStore:
      case UndoLog::Kind::kTable: put_back(e, before); break;
      case UndoLog::Kind::kTlb: {
        std::memcpy(e.at, before, e.size);
        const auto* const t = reinterpret_cast<const Translation*>(e.at);
        const bool data = t >= data_ && t < data_ + kEntries, code = t >= code_ && t < code_ + kEntries;
        if (data) {
          for (const Access a : {Access::kRead, Access::kWrite})
            for (FastTable& table : fast_[static_cast<u32>(a)]) table.tag[t - data_] = FastTable::kFree;
        }
        if (code) {
          for (FastTable& table : fast_[static_cast<u32>(Access::kFetch)]) table.tag[t - code_] = FastTable::kFree;
          code_lost = true;
        }
        break;
      }
      case UndoLog::Kind::kOwn: std::memcpy(e.at, before, e.size); break;
    }
  }
  if (code_lost) note_code_pages_lost();
}

// A fast entry that is not global must be listed, or go.
void Mmu::drop_new_places(const UndoLog& log) {
  AddressSpace& s = *space_;
  for (const UndoLog::Entry& e : log.entries()) {
    if (e.at != reinterpret_cast<const u8*>(&s.place_count)) continue;
    if (s.place_count > AddressSpace::kMostPlaces) return clear_fast();
    u32 listed;
    std::memcpy(&listed, log.before(e), sizeof listed);
    for (u32 n = listed; n < s.place_count; ++n) {
      const AddressSpace::Place& p = s.places[n];
      fast_[p.table / 2][p.table % 2].tag[p.index] = FastTable::kFree;
    }
    return note_code_pages_lost();
  }
}

// Blocks may have been decoded from what is there now: whoever keeps them is told of the lines that change.
void Mmu::put_back(const UndoLog::Entry& e, const u8* before) {
  constexpr u32 kLine = 64;
  if ((memory_.flags(pfn_of(e.address)) & frame_flag::kHasCode) == 0) {
    std::memcpy(e.at, before, e.size);
    return;
  }
  for (u32 at = 0; at < e.size; at += kLine) {
    const u32 size = std::min(kLine, e.size - at);
    if (std::memcmp(e.at + at, before + at, size) == 0) continue;
    std::memcpy(e.at + at, before + at, size);
    memory_.report_store(e.address + at, size);
  }
}

void Mmu::lend_again() {
  for (const UndoLog::Loan& l : undo_->loans()) {
    const bool translated =
        !(state_.cr0 & cr0::kPaging) || usable(slot(Access::kWrite, l.linear), l.linear, Access::kWrite, l.privilege);
    if (!translated || watching_ || (alignment_check_ && l.privilege == Privilege::kUser) || !written_fast(l.address))
      continue;
    FastTable& t = fast_[static_cast<u32>(Access::kWrite)][static_cast<u32>(l.privilege)];
    t.addend[index_of(l.linear)] = reinterpret_cast<u64>(l.host) - l.linear;
    t.tag[index_of(l.linear)] = FastTable::tag_of(l.linear);
  }
}

}  // namespace paemu
