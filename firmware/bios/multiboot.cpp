#include "bios/multiboot.hpp"

#include "abi/memory_map.hpp"
#include "base/bits.hpp"
#include "bios/console.hpp"
#include "bios/kernel_image.hpp"
#include "bios/layout.hpp"

extern "C" [[noreturn]] void enter_multiboot(base::u32 entry, base::u32 information);

namespace firmware {

namespace {

// Multiboot 3.3.
struct Information {
  u32 flags;
  u32 memory_lower, memory_upper;  // KiB below 640 KiB, and from 1 MiB to the first hole
  u32 boot_device;
  u32 command_line;
  u32 module_count, modules;
  u32 symbols[4];
  u32 map_length, map_address;
  u32 drives_length, drives_address;
  u32 config_table;
  u32 boot_loader_name;
  u32 apm_table;
};
constexpr u32 kHasMemory = 1u << 0, kHasCommandLine = 1u << 2, kHasModules = 1u << 3, kHasMap = 1u << 6,
              kHasLoaderName = 1u << 9;

struct Module {
  u32 begin, end;
  u32 text;
  u32 reserved;
};

struct [[gnu::packed]] MapEntry {
  u32 size;  // of what follows
  u64 base, length;
  u32 type;
};

// Takes space for what the kernel is told, upward from kBootInfo.
class BootInfo {
 public:
  u32 take(u32 size) {
    const u32 address = align_up(next_, 8u);
    if (size > kBootInfoEnd - address) refuse("the kernel's command line is too long; it may have 256 KiB");
    next_ = address + size;
    return address;
  }

 private:
  u32 next_ = kBootInfo;
};

void tell_map(BootInfo& space, Information& information, const MemoryMap& map) {
  information.map_length = map.count() * static_cast<u32>(sizeof(MapEntry));
  information.map_address = space.take(information.map_length);
  auto* entry = at<MapEntry>(information.map_address);
  for (u32 i = 0; i < map.count(); ++i, ++entry) {
    const Range& r = map[i];
    *entry = {sizeof(MapEntry) - sizeof(u32), r.base, r.size, static_cast<u32>(r.type)};
    if (r.type == RangeType::Ram && r.base == 0) information.memory_lower = static_cast<u32>(r.size >> 10);
    if (r.type == RangeType::Ram && r.base == abi::memory_map::kExtended) {
      information.memory_upper = static_cast<u32>(r.size >> 10);
    }
  }
  information.flags |= kHasMemory | kHasMap;
}

}  // namespace

void boot_multiboot(BootFiles& files, const MemoryMap& map) {
  const LoadedKernel kernel = load_kernel(files.kernel, map);

  BootInfo space;
  const u32 information_address = space.take(sizeof(Information));
  Information& information = *at<Information>(information_address);
  information = {};

  if (files.command_line.present()) {
    const u32 size = files.command_line.size();
    information.command_line = space.take(size < kBootInfoEnd ? size + 1 : size);
    files.command_line.read(0, at<u8>(information.command_line), size);
    *at<u8>(information.command_line + size) = '\0';
  } else {
    information.command_line = space.take(1);
    *at<u8>(information.command_line) = '\0';
  }
  information.flags |= kHasCommandLine;

  if (files.initrd.present()) {
    information.modules = space.take(sizeof(Module));
    information.module_count = 1;
    const u32 address = place_initrd(files.initrd, map, kernel.end);
    *at<Module>(information.modules) = {address, address + files.initrd.size(), information.command_line, 0};
    information.flags |= kHasModules;
  }

  tell_map(space, information, map);

  static const char kName[] = "paemu firmware";
  information.boot_loader_name = space.take(sizeof(kName));
  __builtin_memcpy(at<u8>(information.boot_loader_name), kName, sizeof(kName));
  information.flags |= kHasLoaderName;

  enter_multiboot(kernel.entry, information_address);
}

}  // namespace firmware
