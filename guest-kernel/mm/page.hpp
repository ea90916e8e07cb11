// Page: one struct a physical frame, 32 bytes, in the mem_map of its section (the vmemmap window).
#pragma once

#include "arch/layout.hpp"
#include "base/intrusive_list.hpp"
#include "base/types.hpp"

namespace ido {
using namespace base;

class Backing;  // mm/backing.hpp: what the page belongs to, when it is in a page cache
struct AnonChain;  // mm/rmap.hpp: who maps an anonymous page

// What a frame is used for: one branch a state; verbs in mm change it, nobody else.
enum class PageUse : u8 {
  kReserved,   // not memory for use: firmware, the kernel's image, holes
  kFree,       // in the buddy allocator, `order` valid
  kIsolated,   // taken out of the allocator because its section is going offline
  kKernel,     // allocated by the kernel for itself: can't move
  kSlab,       // a slab of small objects: can't move
  kTable,      // a page table: can't move (today)
  kMemMap,     // holds the mem_map of its own section: freed with it
  kAnonymous,  // a process's private memory: moves
  kCache,      // in the page cache of a Backing: moves as the backing says
  kBoot,       // initramfs and other boot data, before it is released
};

namespace page_flag {
inline constexpr u8 kLocked = 1u << 0;
inline constexpr u8 kDirty = 1u << 1;
inline constexpr u8 kUpToDate = 1u << 2;
inline constexpr u8 kReferenced = 1u << 3;
inline constexpr u8 kPinned = 1u << 4;      // must not move now: a kernel user holds its frame number
inline constexpr u8 kOnLru = 1u << 5;
inline constexpr u8 kWriteback = 1u << 6;
inline constexpr u8 kMovableZone = 1u << 7;
}  // namespace page_flag

struct Page {
  PageUse use;
  u8 flags;           // page_flag
  u8 order;           // kFree: log2 of the block that this page heads
  u8 migrate_type;    // allocator list it belongs to
  i32 references;     // users: mappings, the cache, holders in flight
  i32 map_count;      // page-table entries that name it
  u32 index;          // kCache: page number in the backing; kAnonymous: user page number
  union {
    Backing* backing;   // kCache
    AnonChain* anon;    // kAnonymous
    const char* owner;  // kKernel, kSlab, kTable: who took it, for "which frame, owned by whom, and why"
  };
  ListNode node;      // free list, LRU list, or an isolation list
  u32 private_data;   // the owner's
};
static_assert(sizeof(void*) != 4 || sizeof(Page) == 32);

// Frame and Page of each other (vmemmap). Only for frames of a present section.
inline Page* page_of(Pfn f) { return reinterpret_cast<Page*>(layout::kVmemmap) + f.value; }
inline Pfn frame_of(const Page* p) { return Pfn{static_cast<u32>(p - reinterpret_cast<const Page*>(layout::kVmemmap))}; }

}  // namespace ido
