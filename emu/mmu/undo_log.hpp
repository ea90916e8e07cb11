// UndoLog: what a stretch of guest code changed in memory and in the TLB, so that it can be put back, run once more,
// and compared.
//
// While the Mmu keeps one (Mmu::log_into) every change is noted before it happens: pages of RAM by the first store to
// them, bytes of page tables by accessed and dirty bits, entries of the TLB by what replaces them. Devices can't be put
// back: an access to one does not happen, but leaves a note that it was refused.
//
// Kept by jit/verifier; filled and put back by Mmu.
#pragma once

#include <span>
#include <vector>

#include "mmu/page_walk.hpp"

namespace paemu {

class UndoLog {
 public:
  enum class Kind : u8 {
    kStore,  // a page of RAM that the guest's instructions store to
    kTable,  // a byte of an entry of its page tables
    kTlb,    // part of the architectural TLB
    kOwn,    // what no guest can tell; put back, but not compared
  };
  struct Entry {
    u8* at;
    u32 size;
    u32 image;  // in what was noted
    Kind kind;
    u32 linear;         // kStore: of the page; kTlb: an address in it
    GuestPhys address;  // kStore and kTable
  };
  // A page at hand for stores until the end of the run (Mmu::log_into).
  struct Loan {
    u32 linear;  // of the page
    Privilege privilege;
    GuestPhys address;
    u8* host;
  };

  UndoLog() : slots_(kFirstSlots) {}
  void clear();

  // Keeps the bytes at `at` as they are now, unless they were noted before.
  void note(Kind kind, void* at, u32 size, u32 linear = 0, GuestPhys address = {});
  void note_loan(const Loan& loan) { loans_.push_back(loan); }
  void refuse() { refused_ = true; }

  bool refused() const { return refused_; }
  usize size() const { return entries_.size(); }
  std::span<const Entry> entries() const { return entries_; }
  std::vector<Loan>& loans() { return loans_; }
  const u8* before(const Entry& e) const { return before_.data() + e.image; }

  // What is noted so far is kept a second time, as it is now. What is noted later should come to be as it was.
  void note_expected();
  const u8* expected(const Entry& e) const { return e.image < expected_.size() ? expected_.data() + e.image : before(e); }
  // The first entry that is not as expected, or nullptr.
  const Entry* first_difference() const;

 private:
  static constexpr usize kFirstSlots = 256;  // a power of two
  // Of a hash table by address.
  struct Slot {
    u32 round = 0;  // of the clear() after which it was taken
    u32 entry = 0;
  };
  // Of a page and of the first byte in it there may be one each.
  static u64 key(const void* at, Kind kind) { return reinterpret_cast<u64>(at) | (kind == Kind::kStore ? 1 : 0); }
  usize slot_of(u64 key) const;
  void grow();

  std::vector<Entry> entries_;
  std::vector<u8> before_, expected_;
  std::vector<Slot> slots_;
  u32 round_ = 1;
  std::vector<Loan> loans_;
  bool refused_ = false;
};

}  // namespace paemu
