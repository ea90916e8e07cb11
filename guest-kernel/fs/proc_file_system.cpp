#include "fs/proc_file_system.hpp"

#include "arch/boot_info.hpp"
#include "arch/interrupts.hpp"
#include "fs/device.hpp"
#include "fs/file_systems.hpp"
#include "fs/memory_files.hpp"
#include "fs/vfs.hpp"
#include "mm/sections.hpp"

namespace ido::fs {

namespace {

ProcessFiles g_process_files;

Or<> render_interrupts(Text& text, u32) {
  text.add("           CPU0\n");
  for (u32 irq = 0; irq < 16; ++irq) {
    const IrqStatistics s = irq_statistics(irq);
    if (s.name != nullptr)
      text.add("%3u: %10llu    XT-PIC  %s\n", irq, static_cast<unsigned long long>(s.count), s.name);
  }
  return {};
}

Or<> render_command_line(Text& text, u32) {
  text.add(StringView(boot_info.command_line));
  text.add("\n");
  return {};
}

Or<> render_file_systems(Text& text, u32) {
  for (u32 i = 0; i < file_system_count(); ++i) text.add("nodev\t%s\n", file_system_at(i).name);
  return {};
}

Or<> render_devices(Text& text, u32) {
  text.add("Character devices:\n");
  for (u32 i = 0; i < device_count(); ++i)
    text.add("%3u %s\n", registered_device(i).number >> 8, registered_device(i).name);
  text.add("136 pts\n\nBlock devices:\n");
  return {};
}
Or<> render_swaps(Text& text, u32) {
  text.add("Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
  return {};
}
Or<> render_partitions(Text& text, u32) {
  text.add("major minor  #blocks  name\n\n");
  return {};
}
Or<> render_nothing(Text&, u32) { return {}; }

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
      if (!sink.add({name, kPids + pid, mode::kDirectory, kPids + pid})) return position;
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
  TRY(add_memory_files(*top));
  Ref<VirtualDirectory> sys = TRY(make_virtual_directory(kProcMagic));
  TRY(add_memory_settings(*sys));
  if (g_process_files.add_settings != nullptr) TRY(g_process_files.add_settings(*sys));
  TRY(top->add("sys", sys));
  TRY(top->add_file("interrupts", render_interrupts));
  TRY(top->add_file("iomem", render_iomem));
  TRY(top->add_file("filesystems", render_file_systems));
  TRY(top->add_file("cmdline", render_command_line));
  TRY(top->add_file("devices", render_devices));
  TRY(top->add_file("swaps", render_swaps));
  TRY(top->add_file("partitions", render_partitions));
  TRY(top->add_file("modules", render_nothing));
  TRY(top->add_file("diskstats", render_nothing));
  if (g_process_files.add_fixed != nullptr) TRY(g_process_files.add_fixed(*top));
  return Ref<Inode>(top);
}

}  // namespace ido::fs
