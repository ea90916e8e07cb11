// PAE page tables: entries, the tables of one address space, the kernel's own mappings, TLB flushes.
//
// A user address space has its own four page directories, whose only kernel part is the trampoline window. The kernel
// has one set of tables for all tasks. Page-table pages come from a function that mm registers (low memory).
#pragma once

#include "arch/layout.hpp"
#include "base/types.hpp"
#include "lib/errno.hpp"

namespace ido {

// Bits of an entry (SDM 3A, 4.4.2).
namespace pte {
inline constexpr u64 kPresent = 1u << 0, kWrite = 1u << 1, kUser = 1u << 2, kWriteThrough = 1u << 3,
                     kCacheDisable = 1u << 4, kAccessed = 1u << 5, kDirty = 1u << 6, kLarge = 1u << 7,
                     kGlobal = 1u << 8, kSoftware0 = 1u << 9, kSoftware1 = 1u << 10, kSoftware2 = 1u << 11,
                     kNoExecute = u64{1} << 63;
inline constexpr u64 kFrameMask = 0x000000fffffff000;  // 40 physical bits
}  // namespace pte

u64 no_execute_bit();  // pte::kNoExecute when the processor has it, else 0

// A page-table entry by value. Not-present entries belong to mm (swap and migration entries).
struct Pte {
  u64 value = 0;
  bool present() const { return value & pte::kPresent; }
  Pfn frame() const { return Pfn{static_cast<u32>((value & pte::kFrameMask) >> kPageShift)}; }
};

// The page tables of one user address space. Not thread-safe: the Mm that owns it holds its lock.
class UserPageTable {
 public:
  static Or<UserPageTable*> create();  // with the trampoline window mapped
  void destroy();                      // frees the table pages; mapped frames stay their owners'

  u64 cr3() const;  // physical address of the PDPT
  // The entry of `address`, its table made if missing (make) or nullptr. Valid until the table is destroyed.
  Pte* entry(u32 address, bool make);
  // Stores an entry in one go as seen by the processor (high half first), without a flush.
  static void set(Pte* slot, Pte value);
  // Stores `value` and returns the old entry with the accessed and dirty bits as they were at that instant.
  static Pte exchange(Pte* slot, Pte value);
  u32 page_count() const;  // how many pages its tables take
  // Frees empty tables in [from, to).
  void trim(u32 from, u32 to);

 private:
  friend struct UserPageTableAccess;
  u64 pdpt_physical_;
};

// Forget user translations: the user's page tables are not loaded while the kernel runs (4G/4G), so a flush is owed to
// the next exit only if the address space is the running task's; loading CR3 there does it. In 3G/1G these flush at
// once.
void flush_user_page(const UserPageTable& table, u32 address);
void flush_user_all(const UserPageTable& table);

// The kernel's mappings (vmalloc, vmemmap and trampoline windows). Maps 4 KiB pages; `flags`: pte bits without
// kPresent.
Or<> map_kernel(u32 address, Pfn frame, u64 flags);
void unmap_kernel(u32 address);  // flushes
Pte kernel_entry(u32 address);

// mm registers how to get and give back a zeroed page for tables, in the direct map.
struct TablePages {
  void* (*allocate)();
  void (*release)(void* page);
};
void set_table_pages(TablePages hooks);

// What boot decided of the kernel's address space (layout.hpp).
struct Windows {
  u32 vmemmap = 0;            // first address of the mem_map's window, which ends at layout::kVmemmapEnd
  u32 direct_map_frames = 0;  // low memory: the frames that the direct map shows
};
extern Windows windows;

// Makes the vmemmap window wide enough for physical addresses below `memory_end` bytes, as far as kLowMemoryLeast
// permits. Before init_kernel_tables.
void plan_windows(u64 memory_end);

// The direct map. Frames below its end are low memory; a DIMM that is added later never is.
inline bool in_low_memory(Pfn f) { return f.value < windows.direct_map_frames; }
inline void* low_address(Pfn f) { return reinterpret_cast<void*>(layout::kPageOffset + (f.value << kPageShift)); }
inline u32 low_physical(const void* p) {
  return static_cast<u32>(reinterpret_cast<uintptr_t>(p)) - layout::kPageOffset;
}
inline Pfn low_frame(const void* p) { return Pfn{low_physical(p) >> kPageShift}; }

}  // namespace ido
