// Writing into an address space whatever its protection says: a debugger's breakpoints in code. Private pages only get
// a copy of their own first, so no file changes.
#include "arch/kmap.hpp"
#include "lib/string.hpp"
#include "mm/entry.hpp"
#include "mm/mm.hpp"

namespace ido {

Or<> Mm::poke(u32 address, const u8* from, u32 size) {
  while (size > 0) {
    const u32 offset = address & kPageMask;
    const u32 count = size < kPageSize - offset ? size : kPageSize - offset;
    TRY(poke_page(address, from, count));
    address += count, from += count, size -= count;
  }
  return {};
}

Or<> Mm::poke_page(u32 address, const u8* from, u32 count) {
  MutexGuard guard(mutex_);
  Area* area = find_area(address);
  if (area == nullptr) return fail(Errno::kFault);
  const bool writable = area->writable();
  if (!writable && area->shared()) return fail(Errno::kFault);
  // The fault is that of a writable area; nobody else sees it so, for the mutex is held.
  const u8 protection = area->protection;
  area->protection |= protection::kRead | protection::kWrite;
  Pte* slot = nullptr;
  FaultResult result = FaultResult::kDone;
  for (;;) {
    slot = table_->entry(address, false);
    if (slot != nullptr && slot->present() && is_writable(*slot)) break;
    result = fault_locked(address & ~kPageMask, FaultAccess::kWrite);
    if (result != FaultResult::kDone) break;
  }
  area->protection = protection;
  if (result != FaultResult::kDone) return fail(result == FaultResult::kNoMemory ? Errno::kNoMem : Errno::kFault);
  {
    const Kmap map(slot->frame());
    memcpy(map.bytes() + (address & kPageMask), from, count);
  }
  // Back to the area's own rights.
  const u64 rights = pte::kUser | pte::kNoExecute;
  Pte entry{(slot->value & ~rights) | protection_bits(*area)};
  if (!writable) entry.value &= ~pte::kWrite;
  UserPageTable::set(slot, entry);
  flush_user_page(*table_, address);
  return {};
}

}  // namespace ido
