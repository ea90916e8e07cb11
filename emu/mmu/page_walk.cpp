#include "mmu/page_walk.hpp"

#include "cpu/fault.hpp"
#include "mmu/undo_log.hpp"

namespace paemu {

namespace {

// Bits of an entry, in all formats (SDM 3A, tables 4-4 to 4-11).
constexpr u64 kPresent = 1u << 0, kWritable = 1u << 1, kUser = 1u << 2, kAccessed = 1u << 5, kDirty = 1u << 6,
              kLargePage = 1u << 7, kGlobal = 1u << 8, kNoExecute = u64{1} << 63;
constexpr u64 kFrameMask = 0x000ffffffffff000;

// Rights narrow from level to level (SDM 3A, 4.6.1).
u8 narrow(u8 rights, u64 entry) {
  if (!(entry & kWritable)) rights &= ~page_right::kWritable;
  if (!(entry & kUser)) rights &= ~page_right::kUser;
  if (entry & kNoExecute) rights |= page_right::kNoExecute;
  return rights;
}

}  // namespace

void PageWalker::set_bits(u64 address, u32 bits) const {
  const GuestPhys a{address & a20_mask_};
  u8* page = memory_.host_page(a);
  if (page == nullptr || memory_.is_rom(a)) return;  // nothing to set it in
  memory_.mark_written(pfn_of(a));
  u8* low = page + (address & kPageMask);
  if (log_ != nullptr) log_->note(UndoLog::Kind::kTable, low, 1, 0, a);
  *low = static_cast<u8>(*low | bits);
  memory_.report_store(a, 1);
}

Walk PageWalker::fault(const Request& r, u32 cause) const {
  // SDM 3A, 4.7: I/D is only reported when execute-disable is in force.
  Walk w;
  w.error_code = cause;
  if (r.access == Access::kWrite) w.error_code |= page_fault::kWrite;
  if (r.privilege == Privilege::kUser) w.error_code |= page_fault::kUser;
  if (r.access == Access::kFetch && (state_.cr4 & cr4::kPae) && (state_.efer & efer::kNoExecute)) {
    w.error_code |= page_fault::kFetch;
  }
  return w;
}

// The leaf is found and sane: rights, then accessed and dirty (SDM 3A, 4.6 and 4.8). An entry that refers to a table is
// marked as soon as it is used, even if what follows faults; a leaf only by an access that it allows.
Walk PageWalker::finish(const Request& r, Walk w, u64 leaf_address, u64 leaf) const {
  const bool write_protect = state_.cr0 & cr0::kWriteProtect;
  if (r.purpose != Purpose::kLook && !allowed(w.rights, r.access, r.privilege, write_protect)) {
    return fault(r, page_fault::kPresent);
  }
  if (r.purpose == Purpose::kWalk) {
    u32 missing = 0;
    if (!(leaf & kAccessed)) missing |= kAccessed;
    if (r.access == Access::kWrite && !(leaf & kDirty)) missing |= kDirty;
    if (missing != 0) set_bits(leaf_address, missing);
    leaf |= missing;
  }
  if (leaf & kDirty) w.rights |= page_right::kDirty;
  if ((leaf & kGlobal) && (state_.cr4 & cr4::kPge)) w.rights |= page_right::kGlobal;
  w.ok = true;
  w.leaf_address = leaf_address;
  if (w.rights & page_right::kLarge) w.table_address = leaf_address;
  return w;
}

Walk PageWalker::walk32(const Request& r) const {
  Walk w;
  w.rights = page_right::kWritable | page_right::kUser;

  const u64 pde_address = (state_.cr3 & 0xfffff000) | ((r.linear >> 20) & 0xffc);
  const u32 pde = read_entry<u32>(pde_address);
  if (!(pde & kPresent)) return fault(r, 0);
  w.rights = narrow(w.rights, pde);

  if ((pde & kLargePage) && (state_.cr4 & cr4::kPse)) {
    // 4-MiB page: bits 13 up to (physical width - 20) are address bits 32 and up; the rest to bit 21 is reserved
    // (SDM 3A, table 4-4).
    const u32 high_bits = pse36_ ? memory_.physical_bits() - 32 : 0;
    const u32 high = (pde >> 13) & 0x1ff;
    if ((high >> (high_bits > 8 ? 8 : high_bits)) != 0) return fault(r, page_fault::kPresent | page_fault::kReserved);
    w.frame = (u64{high} << 32) | (pde & 0xffc00000) | (r.linear & 0x003ff000);
    w.rights |= page_right::kLarge;
    return finish(r, w, pde_address, pde);
  }

  if (r.purpose == Purpose::kWalk && !(pde & kAccessed)) set_bits(pde_address, kAccessed);
  const u64 pte_address = (pde & 0xfffff000) | ((r.linear >> 10) & 0xffc);
  const u32 pte = read_entry<u32>(pte_address);
  if (!(pte & kPresent)) return fault(r, 0);
  w.rights = narrow(w.rights, pte);
  w.frame = pte & 0xfffff000;
  w.table_address = pde_address;
  return finish(r, w, pte_address, pte);
}

Walk PageWalker::walk_pae(const Request& r) const {
  Walk w;
  w.rights = page_right::kWritable | page_right::kUser;
  u64 reserved = address_reserved();
  if (!(state_.efer & efer::kNoExecute)) reserved |= kNoExecute;

  // The PDPTE is in a register and was checked when it was loaded (SDM 3A, 4.4.1).
  const u64 pdpte = state_.pdpte[r.linear >> 30];
  if (!(pdpte & kPresent)) return fault(r, 0);

  const u64 pde_address = (pdpte & kFrameMask) | ((r.linear >> 18) & 0xff8);
  const u64 pde = read_entry<u64>(pde_address);
  if (!(pde & kPresent)) return fault(r, 0);
  const bool large = pde & kLargePage;
  // Of a 2-MiB entry bits 20:13 are reserved as well (SDM 3A, table 4-9).
  if (pde & (reserved | (large ? 0x1fe000 : 0))) return fault(r, page_fault::kPresent | page_fault::kReserved);
  w.rights = narrow(w.rights, pde);
  if (large) {
    w.frame = (pde & kFrameMask & ~u64{0x1fffff}) | (r.linear & 0x001ff000);
    w.rights |= page_right::kLarge;
    return finish(r, w, pde_address, pde);
  }

  if (r.purpose == Purpose::kWalk && !(pde & kAccessed)) set_bits(pde_address, kAccessed);
  const u64 pte_address = (pde & kFrameMask) | ((r.linear >> 9) & 0xff8);
  const u64 pte = read_entry<u64>(pte_address);
  if (!(pte & kPresent)) return fault(r, 0);
  if (pte & reserved) return fault(r, page_fault::kPresent | page_fault::kReserved);
  w.rights = narrow(w.rights, pte);
  w.frame = pte & kFrameMask;
  w.table_address = pde_address;
  return finish(r, w, pte_address, pte);
}

Walk PageWalker::walk(u32 linear, Access access, Privilege privilege) const {
  return run({linear, access, privilege, Purpose::kWalk});
}

Walk PageWalker::check(u32 linear, Access access, Privilege privilege) const {
  return run({linear, access, privilege, Purpose::kCheck});
}

Walk PageWalker::look(u32 linear) const { return run({linear, Access::kRead, Privilege::kSupervisor, Purpose::kLook}); }

}  // namespace paemu
