#include "mm/uaccess.hpp"

#include "arch/kmap.hpp"
#include "lib/string.hpp"
#include "mm/buddy.hpp"
#include "mm/entry.hpp"

namespace ido {
namespace {

bool allows(Pte entry, FaultAccess access) {
  return entry.present() && (entry.value & pte::kUser) != 0 && (access != FaultAccess::kWrite || is_writable(entry));
}

// The entry of a user page, present and permitted for the access. Valid until the next point that can sleep.
Or<Pte*> reach(Mm& mm, u32 address, FaultAccess access) {
  for (;;) {
    if (address >= layout::kUserEnd) return fail(Errno::kFault);
    Pte* slot = mm.table().entry(address, false);
    if (slot != nullptr && allows(*slot, access)) {
      // The accesses go through a kmap, so the processor won't note them here.
      const u64 noted = pte::kAccessed | (access == FaultAccess::kWrite ? pte::kDirty : 0);
      if ((slot->value & noted) != noted) UserPageTable::set(slot, {slot->value | noted});
      return slot;
    }
    switch (mm.handle_fault(address, access)) {
      case FaultResult::kDone: continue;
      case FaultResult::kNoMemory: return fail(Errno::kNoMem);
      default: return fail(Errno::kFault);
    }
  }
}

// Calls use(bytes, count) for each piece of [address, address + size) within one page. `use` doesn't sleep.
template <class Use>
Or<> for_each_piece(Mm& mm, u32 address, usize size, FaultAccess access, Use use) {
  if (size > layout::kUserEnd || address > layout::kUserEnd - size) return fail(Errno::kFault);
  while (size > 0) {
    const u32 offset = address & kPageMask;
    const u32 count = size < kPageSize - offset ? static_cast<u32>(size) : kPageSize - offset;
    Pte* slot = TRY(reach(mm, address, access));
    Kmap map(slot->frame());
    use(map.bytes() + offset, count);
    address += count;
    size -= count;
  }
  return {};
}

}  // namespace

Or<> copy_to_user(Mm& mm, u32 to, const void* from, usize size) {
  const u8* next = static_cast<const u8*>(from);
  return for_each_piece(mm, to, size, FaultAccess::kWrite, [&](u8* bytes, u32 count) {
    memcpy(bytes, next, count);
    next += count;
  });
}

Or<> copy_from_user(Mm& mm, void* to, u32 from, usize size) {
  u8* next = static_cast<u8*>(to);
  return for_each_piece(mm, from, size, FaultAccess::kRead, [&](u8* bytes, u32 count) {
    memcpy(next, bytes, count);
    next += count;
  });
}

Or<> zero_user(Mm& mm, u32 to, usize size) {
  return for_each_piece(mm, to, size, FaultAccess::kWrite, [](u8* bytes, u32 count) { memset(bytes, 0, count); });
}

// The frame is mapped anew for each piece: no atomic kmap is held over what may sleep.
Or<> copy_frame_to_user(u32 to, Pfn frame, u32 offset, u32 size) {
  if (current_mm() == nullptr) return fail(Errno::kFault);
  return for_each_piece(*current_mm(), to, size, FaultAccess::kWrite, [&](u8* bytes, u32 count) {
    Kmap map(frame);
    memcpy(bytes, map.bytes() + offset, count);
    offset += count;
  });
}

Or<> copy_frame_from_user(Pfn frame, u32 offset, u32 from, u32 size) {
  if (current_mm() == nullptr) return fail(Errno::kFault);
  return for_each_piece(*current_mm(), from, size, FaultAccess::kRead, [&](u8* bytes, u32 count) {
    Kmap map(frame);
    memcpy(map.bytes() + offset, bytes, count);
    offset += count;
  });
}

Or<> copy_to_user(u32 to, const void* from, usize size) {
  if (current_mm() == nullptr) return fail(Errno::kFault);
  return copy_to_user(*current_mm(), to, from, size);
}

Or<> copy_from_user(void* to, u32 from, usize size) {
  if (current_mm() == nullptr) return fail(Errno::kFault);
  return copy_from_user(*current_mm(), to, from, size);
}

Or<> zero_user(u32 to, usize size) {
  if (current_mm() == nullptr) return fail(Errno::kFault);
  return zero_user(*current_mm(), to, size);
}

Or<u32> string_from_user(char* to, u32 from, u32 size) {
  if (current_mm() == nullptr) return fail(Errno::kFault);
  for (u32 done = 0; done < size;) {
    const u32 in_page = kPageSize - ((from + done) & kPageMask);
    const u32 count = in_page < size - done ? in_page : size - done;
    Pte* slot = TRY(reach(*current_mm(), from + done, FaultAccess::kRead));
    Kmap map(slot->frame());
    const char* bytes = map.as<const char>() + ((from + done) & kPageMask);
    for (u32 i = 0; i < count; ++i, ++done) {
      to[done] = bytes[i];
      if (bytes[i] == 0) return done;
    }
  }
  return fail(Errno::kNameTooLong);
}

Or<u32> compare_exchange_user(u32 address, u32 expected, u32 value) {
  if (current_mm() == nullptr) return fail(Errno::kFault);
  if (address % sizeof(u32) != 0) return fail(Errno::kInval);
  Pte* slot = TRY(reach(*current_mm(), address, FaultAccess::kWrite));
  Kmap map(slot->frame());
  u32* word = reinterpret_cast<u32*>(map.bytes() + (address & kPageMask));
  const u32 old = *word;  // nothing else runs until the next sleep
  if (old == expected) *word = value;
  return old;
}

Or<Page*> Mm::get_user_page(u32 address, FaultAccess access) {
  Pte* slot = TRY(reach(*this, address, access));
  Page* page = page_of(slot->frame());
  get_page(page);  // the zero page too: it is a page like others, and never goes below its first reference
  return page;
}

}  // namespace ido
