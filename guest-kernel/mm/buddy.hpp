// The page allocator: blocks of 2^order pages in zones, with migrate types so that the kernel's pages, which can't
// move, stay together and out of the way of offlining.
//
// Only code of the kernel calls it, from tasks, never from interrupt handlers. It doesn't sleep.
#pragma once

#include "arch/paging.hpp"
#include "mm/page.hpp"

namespace ido {

inline constexpr u32 kMaxOrder = 10;                     // the largest block: 4 MiB
inline constexpr u32 kPageblockPages = 1u << kMaxOrder;  // the unit that has one migrate type

enum class ZoneId : u8 {
  kDma,      // below 16 MiB
  kNormal,   // the rest of low memory: in the direct map
  kHighMem,  // reached by kmaps only
  kMovable,  // holds only pages that can move: hot-added memory goes here, so that it can leave
};
inline constexpr u32 kZoneCount = 4;
const char* zone_name(ZoneId zone);  // as Linux prints it: "DMA", "Normal", "HighMem", "Movable"

enum class MigrateType : u8 { kUnmovable, kMovable };
inline constexpr u32 kMigrateTypes = 2;

// Which zones a request may use, best first: Movable, HighMem, Normal, DMA.
using ZoneMask = u8;
constexpr ZoneMask zone_bit(ZoneId z) { return static_cast<ZoneMask>(1u << static_cast<u8>(z)); }
inline constexpr ZoneMask kLowZones = zone_bit(ZoneId::kDma) | zone_bit(ZoneId::kNormal);  // has a direct-map address
inline constexpr ZoneMask kUserZones = kLowZones | zone_bit(ZoneId::kHighMem) | zone_bit(ZoneId::kMovable);
inline constexpr ZoneMask kKernelHighZones = kLowZones | zone_bit(ZoneId::kHighMem);  // kmapped, but can't move

struct PageRequest {
  ZoneMask zones = kUserZones;
  MigrateType type = MigrateType::kMovable;
  PageUse use = PageUse::kAnonymous;
  u32 order = 0;
  const char* owner = nullptr;  // kKernel, kTable: what a report says of the frame
};

// The head of a block with references = 1 and the rest zero; contents undefined. Errno::kNoMem.
Or<Page*> allocate_pages(const PageRequest& request);

// Gives a block back. Nobody may map or hold it. A block of a section that is going offline stays isolated.
void free_pages(Page* head, u32 order);

// Holders of one page (kAnonymous, kCache): the last put frees it.
inline void get_page(Page* page) { ++page->references; }
void put_page(Page* page);

// Kernel memory by whole pages, in the direct map. nullptr when there is none.
enum class Fill : u8 { kZero, kNone };
void* allocate_kernel_pages(u32 order, const char* owner, Fill fill = Fill::kZero);
void free_kernel_pages(void* address, u32 order);
inline Page* page_of_address(const void* direct) { return page_of(low_frame(direct)); }

}  // namespace ido
