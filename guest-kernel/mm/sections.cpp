#include "mm/sections.hpp"

#include "mm/offline.hpp"
#include "mm/zone.hpp"

namespace ido {
namespace {

Section sections[kMaxSections];

}  // namespace

Section& section_at(u32 index) { return sections[index]; }

u32 section_limit() { return (layout::kVmemmapEnd - windows.vmemmap) / (kSectionPages * sizeof(Page)); }

u32 section_count() {
  static u32 highest;  // only grows: a section that went may come back
  for (u32 i = highest; i < section_limit(); ++i) {
    if (sections[i].state != SectionState::kAbsent) highest = i + 1;
  }
  return highest;
}

const char* section_state_name(SectionState state) {
  static const char* const names[] = {"absent", "offline", "online", "going-offline"};
  return names[static_cast<u32>(state)];
}

bool frame_has_page(Pfn f) {
  const u32 index = section_index_of(f);
  return index < section_limit() && sections[index].state != SectionState::kAbsent && !sections[index].deferred;
}

ZoneId zone_of(Pfn f) { return f.value < kDmaFrames ? ZoneId::kDma : section_of(f).zone; }

bool section_removable(u32 index) {
  const Section& section = sections[index];
  if (section.state != SectionState::kOnline) return section.state == SectionState::kOffline;
  OfflineReport report;
  return find_blocking_page(index, report).ok();
}

const char* section_valid_zones(u32 index) {
  const Section& section = sections[index];
  if (section.state == SectionState::kOnline) return zone_name(section.zone);
  return in_low_memory(section_first_frame(index)) ? "Normal Movable" : "HighMem Movable";
}

}  // namespace ido
