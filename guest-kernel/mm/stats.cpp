#include "mm/stats.hpp"

#include "mm/slab.hpp"
#include "mm/zone.hpp"

namespace ido {
namespace {

u32 counters[static_cast<u32>(MmEvent::kCount)];

}  // namespace

u32 mapped_file_pages;
u32 committed_pages;
u32 locked_pages;
u32 shared_pages;
u32 kernel_stack_pages;

u32 memory_total_pages() {
  u32 pages = 0;
  for (u32 i = 0; i < kZoneCount; ++i) pages += zone_at(static_cast<ZoneId>(i)).managed_pages;
  return pages;
}

void count_event(MmEvent event) { ++counters[static_cast<u32>(event)]; }
void count_events(MmEvent event, u32 count) { counters[static_cast<u32>(event)] += count; }
u32 event_count(MmEvent event) { return counters[static_cast<u32>(event)]; }

const char* event_name(MmEvent event) {
  static const char* const names[] = {
#define X(name, text) text,
      IDO_MM_EVENTS(X)
#undef X
  };
  return names[static_cast<u32>(event)];
}

MemoryInfo memory_info() {
  MemoryInfo info{};
  for (u32 i = 0; i < kZoneCount; ++i) {
    const Zone& zone = zone_at(static_cast<ZoneId>(i));
    const bool low = (kLowZones >> i) & 1;
    info.total_pages += zone.managed_pages;
    info.free_pages += zone.free_pages;
    (low ? info.low_total_pages : info.high_total_pages) += zone.managed_pages;
    (low ? info.low_free_pages : info.high_free_pages) += zone.free_pages;
    info.available_pages += zone.free_pages > zone.watermark_min_pages ? zone.free_pages - zone.watermark_min_pages : 0;
  }
  info.cached_pages = pages_in_use(PageUse::kCache);
  info.anonymous_pages = pages_in_use(PageUse::kAnonymous);
  info.mapped_pages = mapped_file_pages;
  info.slab_pages = pages_in_use(PageUse::kSlab);
  info.table_pages = pages_in_use(PageUse::kTable);
  info.kernel_pages = pages_in_use(PageUse::kKernel);
  info.mem_map_pages = pages_in_use(PageUse::kMemMap);
  for (SlabCache* c = SlabCache::first(); c != nullptr; c = c->next())
    if (c->kind() == SlabKind::kReclaimable) info.slab_reclaimable_pages += c->slab_pages();
  info.available_pages += info.slab_reclaimable_pages / 2;
  info.shared_pages = shared_pages;
  info.kernel_stack_pages = kernel_stack_pages;
  info.locked_pages = locked_pages;
  info.committed_pages = committed_pages;
  return info;
}

ZoneInfo zone_info(ZoneId id) {
  const Zone& zone = zone_at(id);
  ZoneInfo info{};
  info.name = zone_name(id);
  info.present_pages = zone.present_pages;
  info.managed_pages = zone.managed_pages;
  info.free_pages = zone.free_pages;
  info.watermark_min_pages = zone.watermark_min_pages;
  u32 first = ~0u, end = 0;
  for (u32 i = 0; i < section_count(); ++i) {
    const Section& section = section_at(i);
    if (section.state == SectionState::kAbsent || section.zone != id) continue;
    const u32 start = section_first_frame(i).value;
    if (start < first) first = start;
    end = start + kSectionPages;
  }
  if (id == ZoneId::kDma) {
    first = 0;
    end = zone.present_pages > 0 ? kDmaFrames : 0;
  }
  if (id == ZoneId::kNormal && first < kDmaFrames) first = kDmaFrames;
  info.start_frame = end > 0 ? first : 0;
  info.spanned_pages = end > 0 ? end - first : 0;
  for (u32 order = 0; order <= kMaxOrder; ++order) info.free_blocks[order] = zone.free_blocks[order];
  info.free_blocks[kMaxOrder] += zone.deferred_pages >> kMaxOrder;
  return info;
}

}  // namespace ido
