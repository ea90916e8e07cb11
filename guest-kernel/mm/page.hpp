// Page: one struct a physical frame, 32 bytes, in the mem_map of its section (the vmemmap window).
//
//   offset  0 use, 1 flags, 2 order, 3 migrate type | 4 references | 8 map count | 12 index | 16 owner | 20 list node |
//   28 private data
//
// Nothing in it can be told from the rest, so nothing is stored twice: what a use does not need, another has (the
// union, `index`, `private_data`). 32 is also what makes page_of() and frame_of() a shift; at 64 GiB that is 520 MiB.
//
// A page is a state machine: `use` says which branch of the union and which counts are valid, and only the verbs of mm
// (allocate, free, isolate, add to a cache, map, migrate) change it. All-zero is a valid state, kTail, so that a fresh
// mem_map needs only its block heads written.
#pragma once

#include "arch/paging.hpp"
#include "base/intrusive_list.hpp"
#include "base/types.hpp"

namespace ido {
using namespace base;

class Backing;      // mm/backing.hpp: what the page belongs to, when it is in a page cache
class SlabCache;    // mm/slab.hpp
struct AnonFamily;  // mm/rmap.hpp: who may map an anonymous page

// What a frame is used for.
enum class PageUse : u8 {
  kTail,       // inside a block: the block's head (free, isolated) says
  kReserved,   // not memory for use: firmware, the kernel's image, holes
  kFree,       // heads a block in the buddy allocator, `order` valid
  kIsolated,   // heads a block taken out of the allocator because its section is going offline, `order` valid
  kKernel,     // allocated by the kernel for itself: can't move
  kSlab,       // a slab of small objects: can't move
  kTable,      // a page table: can't move (today)
  kMemMap,     // holds the mem_map of its own section: freed with it
  kAnonymous,  // a process's private memory: moves
  kCache,      // in the page cache of a Backing: moves as the backing says
  kBoot,       // initramfs and other boot data, before it is released
};

namespace page_flag {
inline constexpr u8 kLocked = 1u << 0;  // being read in, written out or moved; see page_lock.hpp
inline constexpr u8 kDirty = 1u << 1;
inline constexpr u8 kUpToDate = 1u << 2;
inline constexpr u8 kReferenced = 1u << 3;
inline constexpr u8 kPinned = 1u << 4;  // must not move now: a kernel user holds its frame number
inline constexpr u8 kWriteback = 1u << 5;
inline constexpr u8 kPoisoned = 1u << 6;  // free, and filled with the pattern of mm/poison.hpp
}  // namespace page_flag

struct Page {
  PageUse use;
  u8 flags;         // page_flag
  u8 order;         // log2 of the block that this page heads
  u8 migrate_type;  // MigrateType; of the whole pageblock in its first page
  i32 references;   // users: one for each mapping, one for the cache, one for each holder in flight
  i32 map_count;    // page-table entries that name it
  u32 index;        // kCache: page number in the backing; kAnonymous: user page number; kSlab: first free object
  union {
    Backing* backing;    // kCache
    AnonFamily* family;  // kAnonymous
    SlabCache* slab;     // kSlab
    const char* owner;   // kKernel, kTable, kBoot: who took it, for "which frame, owned by whom, and why"
  };
  ListNode node;     // free list, slab list, or an isolation list
  u32 private_data;  // kSlab: objects in use; otherwise the owner's
};
// The kernel's layout; tests on a 64-bit host have wider pointers.
static_assert(sizeof(void*) != 4 ||
              (sizeof(Page) == 32 && offsetof(Page, flags) == 1 && offsetof(Page, order) == 2 &&
               offsetof(Page, migrate_type) == 3 && offsetof(Page, references) == 4 && offsetof(Page, map_count) == 8 &&
               offsetof(Page, index) == 12 && offsetof(Page, owner) == 16 && offsetof(Page, node) == 20 &&
               offsetof(Page, private_data) == 28));

// Frame and Page of each other (vmemmap). Only for frames of a section that is present and has its mem_map.
inline Page* mem_map() { return reinterpret_cast<Page*>(static_cast<uintptr_t>(windows.vmemmap)); }
inline Page* page_of(Pfn f) { return mem_map() + f.value; }
inline Pfn frame_of(const Page* p) { return Pfn{static_cast<u32>(p - mem_map())}; }

}  // namespace ido
