#include "fs/memory_files.hpp"

#include "mm/commit.hpp"
#include "mm/slab.hpp"
#include "mm/stats.hpp"

namespace ido::fs {

namespace {

constexpr u32 kilobytes(u32 pages) { return pages * (kPageSize / 1024); }

Or<> render_meminfo(Text& text, u32) {
  const MemoryInfo m = memory_info();
  const auto line = [&](const char* name, u32 pages) { text.add("%-15s %8u kB\n", name, kilobytes(pages)); };
  line("MemTotal:", m.total_pages);
  line("MemFree:", m.free_pages);
  line("MemAvailable:", m.available_pages);
  line("Buffers:", 0);
  line("Cached:", m.cached_pages);
  line("SwapCached:", 0);
  // Pages do not age yet: all that could be reclaimed or swapped is active.
  line("Active:", m.anonymous_pages + m.cached_pages);
  line("Inactive:", 0);
  line("Active(anon):", m.anonymous_pages + m.shared_pages);
  line("Inactive(anon):", 0);
  line("Active(file):", m.cached_pages - m.shared_pages);
  line("Inactive(file):", 0);
  line("Unevictable:", m.locked_pages);
  line("Mlocked:", m.locked_pages);
  line("HighTotal:", m.high_total_pages);
  line("HighFree:", m.high_free_pages);
  line("LowTotal:", m.low_total_pages);
  line("LowFree:", m.low_free_pages);
  line("SwapTotal:", 0);
  line("SwapFree:", 0);
  line("Dirty:", m.dirty_pages);
  line("Writeback:", 0);
  line("AnonPages:", m.anonymous_pages);
  line("Mapped:", m.mapped_pages);
  line("Shmem:", m.shared_pages);
  line("KReclaimable:", m.slab_reclaimable_pages);
  line("Slab:", m.slab_pages);
  line("SReclaimable:", m.slab_reclaimable_pages);
  line("SUnreclaim:", m.slab_pages - m.slab_reclaimable_pages);
  line("KernelStack:", m.kernel_stack_pages);
  line("PageTables:", m.table_pages);
  line("CommitLimit:", commit_limit_pages());
  line("Committed_AS:", m.committed_pages);
  line("VmallocTotal:", (layout::kVmallocEnd - layout::kVmalloc) >> kPageShift);
  return {};
}

Or<> render_vmstat(Text& text, u32) {
  const MemoryInfo m = memory_info();
  text.add("nr_free_pages %u\nnr_active_anon %u\nnr_inactive_anon 0\n", m.free_pages,
           m.anonymous_pages + m.shared_pages);
  text.add("nr_active_file %u\nnr_inactive_file 0\nnr_unevictable %u\nnr_mlock %u\n", m.cached_pages - m.shared_pages,
           m.locked_pages, m.locked_pages);
  text.add("nr_anon_pages %u\nnr_mapped %u\nnr_file_pages %u\nnr_dirty %u\nnr_writeback 0\n", m.anonymous_pages,
           m.mapped_pages, m.cached_pages, m.dirty_pages);
  text.add("nr_slab_reclaimable %u\nnr_slab_unreclaimable %u\nnr_page_table_pages %u\n", m.slab_reclaimable_pages,
           m.slab_pages - m.slab_reclaimable_pages, m.table_pages);
  text.add("nr_kernel_stack %u\nnr_shmem %u\n", kilobytes(m.kernel_stack_pages), m.shared_pages);
  for (u32 i = 0; i < static_cast<u32>(MmEvent::kCount); ++i) {
    const auto event = static_cast<MmEvent>(i);
    text.add("%s %u\n", event_name(event), event_count(event));
  }
  return {};
}

template <class Each>
void each_zone(Each&& each) {
  for (u32 z = 0; z < kZoneCount; ++z) {
    const ZoneInfo zone = zone_info(static_cast<ZoneId>(z));
    if (zone.present_pages > 0) each(zone);
  }
}

Or<> render_buddyinfo(Text& text, u32) {
  each_zone([&](const ZoneInfo& zone) {
    text.add("Node 0, zone %8s ", zone.name);
    for (u32 count : zone.free_blocks) text.add("%6u ", count);
    text.add("\n");
  });
  return {};
}

Or<> render_zoneinfo(Text& text, u32) {
  const MemoryInfo m = memory_info();
  bool first = true;
  each_zone([&](const ZoneInfo& zone) {
    text.add("Node 0, zone %8s\n", zone.name);
    if (first) {
      text.add("  per-node stats\n");
      const auto line = [&](const char* name, u32 pages) { text.add("      %-12s %u\n", name, pages); };
      line("nr_active_anon", m.anonymous_pages + m.shared_pages);
      line("nr_active_file", m.cached_pages - m.shared_pages);
      line("nr_unevictable", m.locked_pages);
      line("nr_slab_reclaimable", m.slab_reclaimable_pages);
      line("nr_slab_unreclaimable", m.slab_pages - m.slab_reclaimable_pages);
      line("nr_anon_pages", m.anonymous_pages);
      line("nr_mapped", m.mapped_pages);
      line("nr_file_pages", m.cached_pages);
      line("nr_dirty", m.dirty_pages);
      line("nr_shmem", m.shared_pages);
      line("nr_page_table_pages", m.table_pages);
      first = false;
    }
    text.add("  pages free     %u\n        boost    0\n        min      %u\n        low      %u\n        high     %u\n",
             zone.free_pages, zone.watermark_min_pages, zone.watermark_min_pages * 5 / 4,
             zone.watermark_min_pages * 3 / 2);
    text.add("        spanned  %u\n        present  %u\n        managed  %u\n        cma      0\n", zone.spanned_pages,
             zone.present_pages, zone.managed_pages);
    text.add("        protection: (0, 0, 0, 0)\n      nr_free_pages %u\n", zone.free_pages);
    text.add("  pagesets\n    cpu: 0\n              count: 0\n              high:  0\n              batch: 1\n");
    text.add("  node_unreclaimable:  0\n  start_pfn:           %u\n", zone.start_frame);
  });
  return {};
}

Or<> render_slabinfo(Text& text, u32) {
  text.add("slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>");
  text.add(" : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
  for (SlabCache* c = SlabCache::first(); c != nullptr; c = c->next()) {
    text.add("%-17s %6u %6u %6u %4u %4u : tunables %4u %4u %4u : slabdata %6u %6u %6u\n", c->name(),
             c->objects_in_use(), c->slabs() * c->objects_per_slab(), c->object_size(), c->objects_per_slab(),
             c->pages_per_slab(), 0u, 0u, 0u, c->slabs() - c->empty_slabs(), c->slabs(), 0u);
  }
  return {};
}

}  // namespace

Or<> add_memory_files(VirtualDirectory& proc) {
  TRY(proc.add_file("meminfo", render_meminfo));
  TRY(proc.add_file("vmstat", render_vmstat));
  TRY(proc.add_file("buddyinfo", render_buddyinfo));
  TRY(proc.add_file("zoneinfo", render_zoneinfo));
  TRY(proc.add_file("slabinfo", render_slabinfo));
  return {};
}

}  // namespace ido::fs
