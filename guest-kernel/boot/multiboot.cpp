#include "boot/multiboot.hpp"

#include "arch/paging.hpp"
#include "base/bits.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"

extern "C" char kernel_physical_start[], kernel_end[];

namespace ido::multiboot {

namespace {

template <class T>
const T* at(u32 physical) {
  if (physical >= layout::kLowMemoryMax) panic("the boot loader put information at %08x, beyond low memory", physical);
  return reinterpret_cast<const T*>(layout::kPageOffset + physical);
}

void add_range(u64 base, u64 size, RangeKind kind) {
  if (size == 0) return;
  if (boot_info.range_count == BootInfo::kMaxRanges)
    panic("the memory map has more than %u ranges", BootInfo::kMaxRanges);
  u32 i = boot_info.range_count++;
  for (; i > 0 && boot_info.ranges[i - 1].base > base; --i) boot_info.ranges[i] = boot_info.ranges[i - 1];
  boot_info.ranges[i] = {base, size, kind};
}

void read_map(const Information& information) {
  for (u32 offset = 0; offset + sizeof(MapEntry) <= information.map_size;) {
    const MapEntry& entry = *at<MapEntry>(information.map + offset);
    const bool known = entry.type >= 1 && entry.type <= 5;
    add_range(entry.base, entry.length, known ? static_cast<RangeKind>(entry.type) : RangeKind::kReserved);
    if (entry.size < sizeof(MapEntry) - 4) break;
    offset += entry.size + 4;
  }
}

}  // namespace

void read(u32 magic, u32 information_physical) {
  if (magic != kLoaderMagic) panic("not started by a Multiboot loader: magic %08x", magic);
  const Information& information = *at<Information>(information_physical);
  boot_info.kernel_start = static_cast<u32>(reinterpret_cast<uintptr_t>(kernel_physical_start));
  boot_info.kernel_end = align_up<u32>(low_physical(kernel_end), kPageSize);

  if (information.flags & kHasMap)
    read_map(information);
  else if (information.flags & kHasMemory) {
    add_range(0, information.memory_lower * kKiB, RangeKind::kUsable);
    add_range(kMiB, information.memory_upper * kKiB, RangeKind::kUsable);
  }
  if (boot_info.range_count == 0) panic("the boot loader passed no memory map");

  if (information.flags & kHasCommandLine) {
    const char* line = at<char>(information.command_line);
    u32 length = 0;
    while (line[length] != 0 && length + 1 < sizeof boot_info.command_line) ++length;
    memcpy(boot_info.command_line, line, length);
  }
  if ((information.flags & kHasModules) && information.module_count > 0) {
    const Module& module = *at<Module>(information.modules);
    boot_info.initrd_start = module.start;
    boot_info.initrd_end = module.end;
  }
}

}  // namespace ido::multiboot
