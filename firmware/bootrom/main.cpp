// The loader of the boot ROM: starts the kernel that -kernel gave, under firmware that is not ours.

#include "bios/boot_files.hpp"
#include "bios/console.hpp"
#include "bios/layout.hpp"
#include "bios/linux.hpp"
#include "bios/linux_screen.hpp"
#include "bios/memory_map.hpp"
#include "bios/multiboot.hpp"
#include "bios/real_mode.hpp"
#include "bios/strings.hpp"
#include "bios/tables.hpp"
#include "bootrom/places.h"

namespace firmware {

namespace {

struct [[gnu::packed]] MapEntry {
  u64 base, size;
  RangeType type;
};

constexpr u32 kMostEntries = (E820_END - E820_ENTRIES) / sizeof(MapEntry);

MemoryMap memory;
Range ranges[kMostEntries];

void read_map() {
  const u32 count = *at<u32>(E820_COUNT);
  const auto* entries = at<MapEntry>(E820_ENTRIES);
  for (u32 i = 0; i < count; ++i) ranges[i] = {entries[i].base, entries[i].size, entries[i].type};
  memory.adopt(ranges, count);
}

// The RSDP in [begin, end), on a boundary of 16 bytes (ACPI 5.2.5.1); 0: none.
u32 find_rsdp(u32 begin, u32 end) {
  constexpr u32 kLength = 20;
  for (u32 address = begin; address + kLength <= end; address += 16) {
    const u8* bytes = at<u8>(address);
    u8 sum = 0;
    for (u32 i = 0; i < kLength; ++i) sum = static_cast<u8>(sum + bytes[i]);
    if (sum == 0 && equal(bytes, "RSD PTR ", 8)) return address;
  }
  return 0;
}

}  // namespace

u32 rsdp_address() {
  constexpr u32 kEbdaPointer = 0x40e;
  const u32 ebda = u32{*at<u16>(kEbdaPointer)} << 4;
  const u32 found = ebda != 0 ? find_rsdp(ebda, ebda + 1024) : 0;
  return found != 0 ? found : find_rsdp(0xe0000, 0x100000);
}

// There is no way back to real mode from here, so the console is the serial line alone and never asks for this.
void call_interrupt(u32, RealCall&) {}

// What the BIOS data area says of a screen in text mode; "vga=" would need INT 10h.
void describe_screen(const char*, ScreenInfo& info) {
  constexpr u32 kMode = 0x449, kColumns = 0x44a, kPage = 0x462, kRows = 0x484, kHeight = 0x485;
  constexpr u8 kColourText = 3, kVga = 1;
  if (*at<u8>(kMode) != kColourText || *at<u8>(kRows) == 0) return;  // none, or without an EGA's or VGA's BIOS
  info.mode = kColourText;
  info.page = *at<u8>(kPage);
  info.columns = *at<u8>(kColumns);
  info.rows = static_cast<u8>(*at<u8>(kRows) + 1);
  info.character_height = *at<u16>(kHeight);
  info.kind = kVga;
}

extern "C" void boot_rom_main() {
  read_map();
  BootFiles files = find_boot_files();
  if (!files.kernel.present()) refuse("the boot ROM has no kernel to start; give one with -kernel FILE");
  if (is_linux(files.kernel)) boot_linux(files, memory);
  boot_multiboot(files, memory);
}

}  // namespace firmware
