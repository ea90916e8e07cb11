#include "mm/report.hpp"

#include "lib/print.hpp"
#include "mm/slab.hpp"
#include "mm/stats.hpp"

namespace ido {
namespace {

constexpr u32 kilobytes(u32 pages) { return pages * (kPageSize / 1024); }

void print_zone(const ZoneInfo& zone) {
  print("%s free:%ukB min:%ukB present:%ukB managed:%ukB\n", zone.name, kilobytes(zone.free_pages),
        kilobytes(zone.watermark_min_pages), kilobytes(zone.present_pages), kilobytes(zone.managed_pages));
  print("%s:", zone.name);
  for (u32 order = 0; order <= kMaxOrder; ++order) print(" %u*%ukB", zone.free_blocks[order], kilobytes(1) << order);
  print(" = %ukB\n", kilobytes(zone.free_pages));
}

}  // namespace

void print_memory_state() {
  const MemoryInfo m = memory_info();
  print("Mem-Info:\n");
  print("anon:%u file:%u shmem:%u mapped:%u mlocked:%u committed:%u pages\n", m.anonymous_pages,
        m.cached_pages - m.shared_pages, m.shared_pages, m.mapped_pages, m.locked_pages, m.committed_pages);
  print("slab:%u (reclaimable %u) pagetables:%u kernel stacks:%u free:%u pages\n", m.slab_pages,
        m.slab_reclaimable_pages, m.table_pages, m.kernel_stack_pages, m.free_pages);
  for (u32 z = 0; z < kZoneCount; ++z) {
    const ZoneInfo zone = zone_info(static_cast<ZoneId>(z));
    if (zone.present_pages > 0) print_zone(zone);
  }
  // The largest users among the slabs: what leaks shows there.
  for (SlabCache* c = SlabCache::first(); c != nullptr; c = c->next()) {
    if (c->slab_pages() >= 64)
      print("slab %s: %u objects of %u bytes, %ukB\n", c->name(), c->objects_in_use(), c->object_size(),
            kilobytes(c->slab_pages()));
  }
}

}  // namespace ido
