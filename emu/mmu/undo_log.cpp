#include "mmu/undo_log.hpp"

#include <cstring>

namespace paemu {

void UndoLog::clear() {
  entries_.clear();
  before_.clear();
  expected_.clear();
  loans_.clear();
  refused_ = false;
  if (++round_ != 0) return;
  slots_.assign(slots_.size(), Slot{});
  round_ = 1;
}

// Where the entry with this key is, or where it belongs.
usize UndoLog::slot_of(u64 wanted) const {
  constexpr u64 kGoldenRatio = 0x9e3779b97f4a7c15;
  usize n = static_cast<usize>((wanted * kGoldenRatio) >> 32);
  for (;; ++n) {
    const Slot& s = slots_[n & (slots_.size() - 1)];
    if (s.round != round_ || key(entries_[s.entry].at, entries_[s.entry].kind) == wanted)
      return n & (slots_.size() - 1);
  }
}

void UndoLog::note(Kind kind, void* at, u32 size, u32 linear, GuestPhys address) {
  Slot& slot = slots_[slot_of(key(at, kind))];
  if (slot.round == round_) return;
  slot = Slot{round_, static_cast<u32>(entries_.size())};
  u8* const bytes = static_cast<u8*>(at);
  entries_.push_back(Entry{bytes, size, static_cast<u32>(before_.size()), kind, linear, address});
  before_.insert(before_.end(), bytes, bytes + size);
  if (entries_.size() * 2 > slots_.size()) grow();
}

void UndoLog::grow() {
  slots_.assign(slots_.size() * 2, Slot{});
  for (usize n = 0; n < entries_.size(); ++n)
    slots_[slot_of(key(entries_[n].at, entries_[n].kind))] = Slot{round_, static_cast<u32>(n)};
}

void UndoLog::note_expected() {
  expected_.clear();
  for (const Entry& e : entries_) expected_.insert(expected_.end(), e.at, e.at + e.size);
}

const UndoLog::Entry* UndoLog::first_difference() const {
  for (const Entry& e : entries_) {
    if (e.kind != Kind::kOwn && std::memcmp(e.at, expected(e), e.size) != 0) return &e;
  }
  return nullptr;
}

}  // namespace paemu
