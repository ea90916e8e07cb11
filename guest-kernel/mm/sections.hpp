// Sections: physical memory in units of 128 MiB, each with its own mem_map (1 MiB of struct Page), which lies in its
// first frames; that of low memory lies in high memory if there is some. The unit of hotplug and of
// /sys/devices/system/memory/memoryN.
//
//   absent -> offline (add) -> online (online) -> going offline -> offline or back to online -> absent (remove)
#pragma once

#include "mm/buddy.hpp"
#include "mm/page.hpp"

namespace ido {

inline constexpr u32 kSectionShift = 27;
inline constexpr u64 kSectionSize = u64{1} << kSectionShift;
inline constexpr u32 kSectionPages = 1u << (kSectionShift - kPageShift);
inline constexpr u32 kDmaFrames = 4096;                                        // zone DMA: the first 16 MiB
inline constexpr u32 kMemMapPages = kSectionPages * sizeof(Page) / kPageSize;  // of one section: 256
inline constexpr u32 kMaxSections = layout::kVmemmapMax / (kSectionPages * sizeof(Page));
u32 section_limit();  // how many the vmemmap window of this boot has room for

enum class SectionState : u8 { kAbsent, kOffline, kOnline, kGoingOffline };
const char* section_state_name(SectionState state);  // sysfs: "offline", "online", "going-offline"

// How the frames of a section are set up.
enum class SectionOrigin : u8 { kBoot, kHotAdded };

struct Section {
  SectionState state = SectionState::kAbsent;
  SectionOrigin origin = SectionOrigin::kBoot;
  ZoneId zone = ZoneId::kNormal;  // section 0 also has zone DMA
  u8 node = 0;
  bool deferred = false;             // online, but its mem_map is not made yet: no page of it was ever used
  u16 mem_map_pages = kMemMapPages;  // of its frames, those that hold struct Pages, its own and others'
  u32 present_pages = 0;             // RAM
  u32 managed_pages = 0;             // of these, the allocator's, used or free
  u32 free_pages = 0;                // in the allocator (or all of it while deferred)
  u32 isolated_pages = 0;
  Pfn mem_map{0};  // first of the kMemMapPages frames that hold its struct Pages
};

Section& section_at(u32 index);  // index < kMaxSections
inline u32 section_index_of(Pfn f) { return f.value >> (kSectionShift - kPageShift); }
inline Pfn section_first_frame(u32 index) { return Pfn{index << (kSectionShift - kPageShift)}; }
inline Section& section_of(Pfn f) { return section_at(section_index_of(f)); }
bool frame_has_page(Pfn f);  // its section has a mem_map
u32 section_count();         // one past the highest that was ever present
ZoneId zone_of(Pfn f);

// Whether offlining would succeed by what the frames are used for now (sysfs: removable).
bool section_removable(u32 index);
// Linux's valid_zones: where the section is when online, where it may go when offline. For example "Movable", "Normal".
const char* section_valid_zones(u32 index);

}  // namespace ido
