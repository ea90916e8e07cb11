// ReturnStack: the host stack of translated code, by which the host predicts where the guest's RETs lead.
//
// Each copied CALL pushes an entry: the guest's ESP and the guest's return address, and, by a call instruction of the
// host, the host's own return address (the landing, BlockTranslator::land). A RET compares the guest's return
// address with that of the last entry and, if they are the same, returns by the host's RET, which the host predicts as
// it does for any program. If not, whatever the guest has made of its stack, entries whose place on the guest's stack
// lies below ESP are dead and go, and the jump is like any indirect one.
//
// No entry is older than the last way into translated code, nor than the last time that a page of code ceased to be at
// hand: so the landing's page is mapped as it was at the CALL, and in the same mode. What the landing goes on to
// is a link (Translation::outgoing), so blocks may be dropped meanwhile.
//
// C++ that translated code calls runs on the host's usual stack. Only signal handlers run on this one.
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

class ReturnStack {
 public:
  // One entry, upwards in memory.
  struct Entry {
    u64 landing = 0;  // what the host's RET pops
    u64 address = 0;  // the guest's, negated; the low 32 bits
    u64 stack = 0;    // ESP after the CALL: where the guest's stack has the address
  };

  // Room for `most` entries; nobody checks. Throws std::bad_alloc, as all that needs memory does.
  explicit ReturnStack(u64 most);
  ~ReturnStack();
  ReturnStack(const ReturnStack&) = delete;
  ReturnStack& operator=(const ReturnStack&) = delete;

  // The entry below all others, which is never popped: a RET to address 0 takes it, and goes to its landing.
  Entry& bottom() { return *reinterpret_cast<Entry*>(memory_ + size_ - kGuard - kBottom); }

 private:
  static constexpr u64 kGuard = 4096;             // unmapped, at both ends
  static constexpr u64 kForSignals = 256 * kKiB;  // what their handlers may use
  static constexpr u64 kBottom = 64;              // of bytes; a multiple of 16

  const u64 size_;
  u8* const memory_;
};

}  // namespace paemu
