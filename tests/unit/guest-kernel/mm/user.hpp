// User: a program of the test. It reads and writes bytes of its address space as a processor would: through the page
// tables, faulting where they don't allow it.
#pragma once

#include <catch2/catch.hpp>

#include "fake.hpp"
#include "mm/entry.hpp"

namespace fake {

class User {
 public:
  User() : mm_(ido::Mm::create().value()) {}
  explicit User(User& parent) : mm_(parent.mm_->clone().value()) {}  // fork
  ~User() { mm_->put(); }

  ido::Mm& mm() { return *mm_; }

  u32 map(u64 size, u8 protection = ido::protection::kRead | ido::protection::kWrite, u16 flags = 0,
          ido::Backing* backing = nullptr) {
    return mm_->map({.size = static_cast<u32>(size), .protection = protection, .flags = flags, .backing = backing})
        .value();
  }

  u8 read(u32 address) { return *reach(address, ido::FaultAccess::kRead); }
  void write(u32 address, u8 value) { *reach(address, ido::FaultAccess::kWrite) = value; }
  ido::Pfn frame(u32 address) { return mm_->table().entry(address, false)->frame(); }
  u32 areas() {
    u32 n = 0;
    for (auto& area : mm_->areas()) n += area.end > area.start;
    return n;
  }

 private:
  u8* reach(u32 address, ido::FaultAccess access) {
    const bool write = access == ido::FaultAccess::kWrite;
    for (u32 tries = 0; tries < 100; ++tries) {
      ido::Pte* slot = mm_->table().entry(address, false);
      if (slot != nullptr && slot->present() && (slot->value & ido::pte::kUser) &&
          (!write || ido::is_writable(*slot))) {
        slot->value |= ido::pte::kAccessed | (write ? ido::pte::kDirty : 0);
        return physical(slot->frame()) + (address & kPageMask);
      }
      const auto result = mm_->handle_fault(address, access);
      if (result != ido::FaultResult::kDone) {
        fprintf(stderr, "fault at 0x%x: result %d\n", address, static_cast<int>(result));
        abort();
      }
    }
    abort();
  }

  ido::Mm* mm_;
};

}  // namespace fake
