// PageWalker: one walk of the guest's paging structures (SDM 3A, chapter 4): none, 32-bit, PAE.
//
// Sets accessed and dirty bits as it goes. Entries that are not in RAM or ROM read as all ones, whatever device may be
// there: a hostile guest gets a reserved-bit fault or a page of nothing, never a device's side effect.
#pragma once

#include <cstring>

#include "cpu/state.hpp"
#include "memory/physical_memory.hpp"

namespace paemu {

class UndoLog;

enum class Access : u8 { kRead, kWrite, kFetch };
// User: CPL 3. Supervisor: the others, and implicit accesses to descriptor tables and TSS at any CPL.
enum class Privilege : u8 { kSupervisor, kUser };

// The rights of a translation: those of all levels combined, and what the leaf says.
namespace page_right {
inline constexpr u8 kWritable = 1u << 0, kUser = 1u << 1, kNoExecute = 1u << 2, kDirty = 1u << 3, kGlobal = 1u << 4,
                    kLarge = 1u << 5;
}

struct Walk {
  bool ok = false;
  u8 rights = 0;       // page_right
  u32 error_code = 0;  // when not ok: as pushed with the page fault
  u64 frame = 0;       // physical address of the 4-KiB page, also within a large one
  // When ok, physical addresses: of the entry that maps the page, and of the one that refers to its table; of a large
  // page both are the same.
  u64 leaf_address = 0, table_address = 0;
};

// Whether an access at `privilege` is allowed by `rights` (SDM 3A, 4.6).
inline bool allowed(u8 rights, Access access, Privilege privilege, bool write_protect) {
  if (privilege == Privilege::kUser && !(rights & page_right::kUser)) return false;
  if (access == Access::kFetch) return !(rights & page_right::kNoExecute);
  if (access == Access::kRead) return true;
  return (rights & page_right::kWritable) || (privilege == Privilege::kSupervisor && !write_protect);
}

class PageWalker {
 public:
  PageWalker(const CpuState& state, PhysicalMemory& memory) : state_(state), memory_(memory) {}

  void set_a20_mask(u64 mask) { a20_mask_ = mask; }
  void set_pse36(bool enabled) { pse36_ = enabled; }
  // Accessed and dirty bits are noted there before they are set; nullptr: nowhere.
  void log_into(UndoLog* log) { log_ = log; }

  // Paging is on.
  Walk walk(u32 linear, Access access, Privilege privilege) const;
  // The same without setting a bit: would walk() fault?
  Walk check(u32 linear, Access access, Privilege privilege) const;
  // Without checking rights either.
  Walk look(u32 linear) const;
  // An entry (u32 or u64) at an aligned address; all ones where there is neither RAM nor ROM.
  template <class Entry>
  Entry read_entry(u64 address) const {
    const u8* page = memory_.host_page(GuestPhys{address & a20_mask_});
    Entry entry = static_cast<Entry>(~Entry{0});
    if (page != nullptr) std::memcpy(&entry, page + (address & kPageMask), sizeof entry);
    return entry;
  }
  // The same of the size that the paging mode has.
  u64 entry(u64 address) const {
    return (state_.cr4 & cr4::kPae) ? read_entry<u64>(address) : read_entry<u32>(address);
  }
  // Where it is; nullptr when there is neither RAM nor ROM. Right until the mapping or A20 changes.
  const u8* host(u64 address) const {
    const u8* page = memory_.host_page(GuestPhys{address & a20_mask_});
    return page == nullptr ? nullptr : page + (address & kPageMask);
  }
  // Which bits of a PAE entry are beyond the physical address width.
  u64 address_reserved() const { return ~((u64{1} << memory_.physical_bits()) - 1) & ~(u64{1} << 63); }

 private:
  enum class Purpose : u8 { kLook, kCheck, kWalk };
  struct Request {
    u32 linear;
    Access access;
    Privilege privilege;
    Purpose purpose;
  };
  Walk run(const Request& r) const { return (state_.cr4 & cr4::kPae) ? walk_pae(r) : walk32(r); }
  Walk walk32(const Request&) const;
  Walk walk_pae(const Request&) const;
  Walk finish(const Request&, Walk, u64 leaf_address, u64 leaf) const;
  Walk fault(const Request&, u32 cause) const;
  void set_bits(u64 address, u32 bits) const;

  const CpuState& state_;
  PhysicalMemory& memory_;
  u64 a20_mask_ = ~u64{0};
  bool pse36_ = true;
  UndoLog* log_ = nullptr;
};

}  // namespace paemu
