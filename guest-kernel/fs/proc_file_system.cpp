#include "fs/proc_file_system.hpp"

#include "arch/boot_info.hpp"
#include "arch/interrupts.hpp"
#include "mm/sections.hpp"
#include "mm/stats.hpp"

namespace ido::fs {

namespace {

ProcessFiles g_process_files;

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
  line("HighTotal:", m.high_total_pages);
  line("HighFree:", m.high_free_pages);
  line("LowTotal:", m.low_total_pages);
  line("LowFree:", m.low_free_pages);
  line("SwapTotal:", 0);
  line("SwapFree:", 0);
  line("Dirty:", m.dirty_pages);
  line("AnonPages:", m.anonymous_pages);
  line("Mapped:", m.mapped_pages);
  line("Shmem:", m.cached_pages);  // tmpfs is all there is in the page cache
  line("Slab:", m.slab_pages);
  line("PageTables:", m.table_pages);
  line("Committed_AS:", m.committed_pages);
  return {};
}

Or<> render_vmstat(Text& text, u32) {
  const MemoryInfo m = memory_info();
  text.add("nr_free_pages %u\n", m.free_pages);
  text.add("nr_anon_pages %u\n", m.anonymous_pages);
  text.add("nr_mapped %u\n", m.mapped_pages);
  text.add("nr_file_pages %u\n", m.cached_pages);
  text.add("nr_page_table_pages %u\n", m.table_pages);
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
  each_zone([&](const ZoneInfo& zone) {
    text.add("Node 0, zone %8s\n", zone.name);
    text.add("  pages free     %u\n", zone.free_pages);
    text.add("        min      %u\n", zone.watermark_min_pages);
    text.add("        spanned  %u\n        present  %u\n        managed  %u\n", zone.spanned_pages, zone.present_pages,
             zone.managed_pages);
    text.add("  start_pfn:           %u\n", zone.start_frame);
  });
  return {};
}

Or<> render_interrupts(Text& text, u32) {
  text.add("           CPU0\n");
  for (u32 irq = 0; irq < 16; ++irq) {
    const IrqStatistics s = irq_statistics(irq);
    if (s.name != nullptr)
      text.add("%3u: %10llu    XT-PIC  %s\n", irq, static_cast<unsigned long long>(s.count), s.name);
  }
  return {};
}

Or<> render_mounts(Text& text, u32) {
  for (const Mount& m : mounts()) {
    text.add(m.type);
    text.add(" ");
    path_of(m.root, text);
    text.add(" ");
    text.add(m.type);
    text.add(" rw 0 0\n");
  }
  return {};
}

Or<> render_command_line(Text& text, u32) {
  text.add(StringView(boot_info.command_line));
  text.add("\n");
  return {};
}

Or<> render_file_systems(Text& text, u32) {
  for (const char* name : {"rootfs", "tmpfs", "proc", "sysfs", "devtmpfs"}) text.add("nodev\t%s\n", name);
  return {};
}

// E820 as Linux shows it in /proc/iomem, then the sections.
Or<> render_iomem(Text& text, u32) {
  static const char* const kKinds[] = {
      "Reserved", "System RAM", "Reserved", "ACPI Tables", "ACPI Non-volatile Storage", "Unusable memory"};
  for (u32 i = 0; i < boot_info.range_count; ++i) {
    const MemoryRange& r = boot_info.ranges[i];
    const u32 kind = static_cast<u32>(r.kind) <= 5 ? static_cast<u32>(r.kind) : 0;
    text.add("%08llx-%08llx : %s\n", static_cast<unsigned long long>(r.base),
             static_cast<unsigned long long>(r.base + r.size - 1), kKinds[kind]);
  }
  for (u32 i = 0; i < section_count(); ++i) {
    const Section& s = section_at(i);
    if (s.state == SectionState::kAbsent || s.origin != SectionOrigin::kHotAdded) continue;
    const u64 base = u64{i} << kSectionShift;
    text.add("%08llx-%08llx : System RAM (hot-added)\n", static_cast<unsigned long long>(base),
             static_cast<unsigned long long>(base + kSectionSize - 1));
  }
  return {};
}

class ProcRoot final : public VirtualDirectory {
 public:
  ProcRoot() : VirtualDirectory(kProcMagic) {}

  Or<Ref<Inode>> lookup(StringView name) override {
    u32 pid;
    if (g_process_files.find != nullptr && numbered_name(name, "", pid)) return g_process_files.find(pid);
    return VirtualDirectory::lookup(name);
  }

  // Positions: the fixed files' indices, then kPids + pid.
  Or<u64> list(u64 position, DirectorySink& sink) override {
    constexpr u64 kPids = 1 << 16;
    if (position < kPids) {
      position = TRY(VirtualDirectory::list(position, sink));
      if (position < fixed_count()) return position;
      position = kPids;
    }
    if (g_process_files.next == nullptr) return position;
    for (u32 pid = g_process_files.next(static_cast<u32>(position - kPids)); pid != 0;
         pid = g_process_files.next(pid)) {
      char name[16];
      format_to(name, sizeof name, "%u", pid);
      if (!sink.add({name, kPids + pid, mode::kDirectory})) return position;
      position = kPids + pid;
    }
    return position;
  }
};

}  // namespace

void set_process_files(ProcessFiles files) { g_process_files = files; }

Or<Ref<Inode>> make_proc() {
  Ref<ProcRoot> top(new (std::nothrow) ProcRoot);
  if (!top) return fail(Errno::kNoMem);
  TRY(top->add_file("meminfo", render_meminfo));
  TRY(top->add_file("vmstat", render_vmstat));
  TRY(top->add_file("buddyinfo", render_buddyinfo));
  TRY(top->add_file("zoneinfo", render_zoneinfo));
  TRY(top->add_file("interrupts", render_interrupts));
  TRY(top->add_file("iomem", render_iomem));
  TRY(top->add_file("mounts", render_mounts));
  TRY(top->add_file("filesystems", render_file_systems));
  TRY(top->add_file("cmdline", render_command_line));
  if (g_process_files.add_fixed != nullptr) TRY(g_process_files.add_fixed(*top));
  return Ref<Inode>(top);
}

}  // namespace ido::fs
