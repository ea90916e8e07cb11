#include "bios/linux.hpp"

#include "abi/fw_cfg.hpp"
#include "abi/memory_map.hpp"
#include "base/bits.hpp"
#include "bios/console.hpp"
#include "bios/layout.hpp"
#include "bios/linux_screen.hpp"
#include "bios/strings.hpp"
#include "bios/tables.hpp"

extern "C" [[noreturn]] void enter_linux(base::u32 entry, base::u32 boot_params);

namespace firmware {

namespace {

// "The Real-Mode Kernel Header" of boot.rst: offsets in the file and in boot_params alike.
struct [[gnu::packed]] SetupHeader {
  u8 setup_sectors;  // 0 means 4
  u16 root_flags;
  u32 system_size;  // paragraphs of 16 bytes behind the setup sectors
  u16 ram_size, video_mode, root_device;
  u16 boot_flag;  // aa55
  u16 jump;       // its second byte says where the header ends
  u32 signature;  // "HdrS"
  u16 version;
  u32 real_mode_switch;
  u16 start_system_segment, kernel_version;
  u8 loader_type;
  u8 load_flags;
  u16 setup_move_size;
  u32 code32_start;
  u32 initrd_address, initrd_size;
  u32 boot_sector_kludge;
  u16 heap_end;
  u8 loader_version_extension, loader_type_extension;
  u32 command_line;
  u32 initrd_highest;  // from 2.03: the last byte an initrd may have
  u32 alignment;       // from 2.05
  u8 relocatable;      // from 2.05
  u8 min_alignment;
  u16 extended_load_flags;
  u32 command_line_size;  // from 2.06: bytes without the NUL
  u32 hardware_subarchitecture;
  u64 hardware_subarchitecture_data;
  u32 payload_offset, payload_length;
  u64 setup_data;
  u64 preferred_address;  // from 2.10
  u32 needed_size;        // from 2.10: bytes from the load address until the kernel knows its memory map
};
constexpr u32 kHeaderOffset = 0x1f1;
constexpr u16 kBootFlag = 0xaa55;
constexpr u32 kSignature = 0x53726448;  // "HdrS"
constexpr u8 kLoadedHigh = 0x01;        // load_flags
constexpr u8 kUnknownLoader = 0xff;
constexpr u32 kOldInitrdHighest = 0x37ffffff;  // before 2.03
constexpr u32 kOldCommandLineSize = 255;       // before 2.06
static_assert(sizeof(SetupHeader) == 0x264 - kHeaderOffset);

struct [[gnu::packed]] MapEntry {
  u64 base, length;
  u32 type;
};

// boot_params, "the zero page" (Linux: Documentation/arch/x86/zero-page.rst); what we fill.
struct [[gnu::packed]] BootParams {
  ScreenInfo screen;
  u8 before_rsdp[0x70 - sizeof(ScreenInfo)];
  u64 rsdp;
  u8 before_alt_memory[0x1e0 - 0x78];
  u32 memory_upper;  // KiB from 1 MiB
  u8 before_count[0x1e8 - 0x1e4];
  u8 map_count;
  u8 before_header[kHeaderOffset - 0x1e9];
  SetupHeader header;
  u8 before_map[0x2d0 - 0x264];
  MapEntry map[128];
  u8 rest[0x1000 - 0x2d0 - 128 * 20];
};
static_assert(sizeof(BootParams) == 0x1000);

constexpr u32 kSector = 512;

[[noreturn]] void refuse_kernel(const char* why) { refuse("the Linux kernel ", why); }

bool read_header(FwCfgItem& file, SetupHeader& header) {
  if (file.size() < kHeaderOffset + sizeof(header)) return false;
  file.read(kHeaderOffset, &header, sizeof(header));
  return header.boot_flag == kBootFlag && header.signature == kSignature;
}

// Where the protected-mode part goes: where it prefers to be if it may be moved there or must not be moved at all.
u32 place_kernel(FwCfgItem& file, const MemoryMap& map, const SetupHeader& header, u32& end) {
  const u32 setup_size = ((header.setup_sectors == 0 ? 4u : header.setup_sectors) + 1) * kSector;
  if (file.size() <= setup_size || header.system_size > (file.size() - setup_size + 15) / 16) {
    refuse_kernel("file is truncated; copy it again");
  }
  const u32 size = file.size() - setup_size;
  const bool knows_size = header.version >= 0x20a;
  const u32 needed = knows_size && header.needed_size > size ? header.needed_size : size;
  u64 address = abi::memory_map::kExtended;
  if (knows_size && header.relocatable && map.usable(header.preferred_address, needed)) {
    address = header.preferred_address;
  } else if (knows_size && header.relocatable && is_power_of_two(header.alignment)) {
    address = align_up<u64>(address, header.alignment);
  }
  if (!map.usable(address, needed)) refuse_kernel("does not fit into RAM; give the machine more memory");
  end = static_cast<u32>(address) + needed;
  file.read(setup_size, at<u8>(static_cast<u32>(address)), size);
  return static_cast<u32>(address);
}

// With much RAM Linux for i386 needs a large piece of low memory: 40 bytes a page frame, which are 640 MiB of its 880
// MiB for 64 GiB. Before that it moves itself to a random address up to 512 MiB (KASLR), and where that is in the
// middle it panics, "Failed to allocate ... bytes for node 0 memory map". It only considers ranges that it fits into,
// one by one, but joins adjoining ones later; so the RAM that it had better keep free is told in pieces too small for
// it.
struct Pieces {
  static constexpr u64 kMuchRam = u64{32} << 30;
  static constexpr u64 kBegin = 128 << 20, kEnd = 512 << 20, kSize = 8 << 20;
  bool wanted = false;

  // How much of [base, end) comes next.
  u64 next(u64 base, u64 end, RangeType type) const {
    if (!wanted || type != RangeType::Ram || base >= kEnd || end <= kBegin) return end - base;
    const u64 piece_end = base < kBegin ? kBegin : align_down<u64>(base, kSize) + kSize;
    return (piece_end < end ? piece_end : end) - base;
  }
};

void tell_map(BootParams& params, const MemoryMap& map) {
  constexpr u32 kMostEntries = sizeof(params.map) / sizeof(params.map[0]);
  Pieces pieces;
  for (u32 i = 0; i < map.count(); ++i)
    pieces.wanted |= map[i].type == RangeType::Ram && map[i].end() > Pieces::kMuchRam;
  u32 count = 0;
  for (u32 i = 0; i < map.count(); ++i) {
    const Range& r = map[i];
    for (u64 base = r.base; base < r.end() && count < kMostEntries;) {
      const u64 size = pieces.next(base, r.end(), r.type);
      params.map[count++] = {base, size, static_cast<u32>(r.type)};
      base += size;
    }
    if (r.type == RangeType::Ram && r.base == abi::memory_map::kExtended) {
      params.memory_upper = static_cast<u32>(r.size >> 10);
    }
  }
  params.map_count = static_cast<u8>(count);
}

}  // namespace

bool is_linux(FwCfgItem& kernel) {
  SetupHeader header;
  return read_header(kernel, header);
}

void boot_linux(BootFiles& files, const MemoryMap& map) {
  BootParams& params = *at<BootParams>(kBootInfo);
  fill(at<u8>(kBootInfo), 0, sizeof(params));
  SetupHeader& header = params.header;
  read_header(files.kernel, header);
  if (header.version < 0x202) refuse_kernel("is older than boot protocol 2.02 (Linux 2.4); take a newer one");
  if (!(header.load_flags & kLoadedHigh)) refuse_kernel("is a zImage, which loads below 640 KiB; build a bzImage");

  u32 kernel_end;
  header.code32_start = place_kernel(files.kernel, map, header, kernel_end);
  // Fields that this version does not have yet hold code.
  const u32 known = 0x202 + (header.jump >> 8) - kHeaderOffset;
  if (known < sizeof(header)) fill(reinterpret_cast<u8*>(&header) + known, 0, sizeof(header) - known);

  header.loader_type = kUnknownLoader;
  header.command_line = kBootInfo + sizeof(params);
  *at<u8>(header.command_line) = '\0';
  if (files.command_line.present()) {
    const u32 size = files.command_line.size();  // with its NUL
    const u32 most = header.version >= 0x206 ? header.command_line_size : kOldCommandLineSize;
    if (size - 1 > most || size > kBootInfoEnd - header.command_line) {
      refuse("the command line is too long for this kernel; it takes ", most, " bytes");
    }
    files.command_line.read(0, at<u8>(header.command_line), size);
  }
  if (files.initrd.present()) {
    const u64 highest = header.version >= 0x203 ? header.initrd_highest : kOldInitrdHighest;
    header.initrd_address = place_initrd(files.initrd, map, kernel_end, highest + 1);
    header.initrd_size = files.initrd.size();
  }
  tell_map(params, map);
  params.rsdp = rsdp_address();
  describe_screen(at<char>(header.command_line), params.screen);
  enter_linux(header.code32_start, kBootInfo);
}

}  // namespace firmware
