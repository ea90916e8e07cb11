#include "bios/smbios.hpp"

#include "abi/fw_cfg.hpp"
#include "base/bits.hpp"
#include "bios/console.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/layout.hpp"
#include "bios/strings.hpp"
#include "bios/table_area.hpp"

namespace firmware {

namespace {

// DSP0134 5.2.1, the 32-bit entry point.
struct [[gnu::packed]] Anchor {
  char signature[4];
  u8 checksum, length;
  u8 major, minor;
  u16 largest;  // bytes of the largest structure
  u8 revision, formatted[5];
  char middle_signature[5];
  u8 middle_checksum;
  u16 size;
  u32 address;
  u16 count;
  u8 bcd_revision;
};
static_assert(sizeof(Anchor) == 0x1f);

// Type 0, 7.1, with its strings and the empty one that ends them.
struct [[gnu::packed]] BiosInformation {
  u8 type, length;
  u16 handle;
  u8 vendor, version;
  u16 segment;
  u8 date, rom_size;
  u64 characteristics;
  u8 extension[2];
  u8 release[2], controller_release[2];
  char strings[sizeof("paemu") + sizeof("paemu firmware") + sizeof("11/22/2026") + 1];
};
constexpr u32 kFormatted = 0x18;
constexpr u64 kPci = 1u << 7, kShadowing = 1u << 12, kCdBoot = 1u << 15, kSelectableBoot = 1u << 16, kEdd = 1u << 19;
constexpr u8 kAcpi = 1u << 0;

void fill_own(BiosInformation& own) {
  own = {0, kFormatted, 0x0000, 1, 2, kServicesSegment, 3, 1 /* 128 KiB */,
         kPci | kShadowing | kCdBoot | kSelectableBoot | kEdd, {kAcpi, 0}, {1, 0}, {0xff, 0xff}, {}};
  memcpy(own.strings, "paemu\0paemu firmware\0" "11/22/2026\0", sizeof(own.strings));
}

u8 negative_sum(const void* bytes, u32 count) {
  u8 sum = 0;
  for (u32 i = 0; i < count; ++i) sum = static_cast<u8>(sum + static_cast<const u8*>(bytes)[i]);
  return static_cast<u8>(-sum);
}

}  // namespace

void install_smbios(MemoryMap& map) {
  FwCfgItem anchor_file = fw_cfg_file(abi::fw_cfg::kSmbiosAnchorFile);
  FwCfgItem tables = fw_cfg_file(abi::fw_cfg::kSmbiosTablesFile);
  if (anchor_file.size() != sizeof(Anchor) || !tables.present()) return;
  constexpr u32 kOwn = sizeof(BiosInformation);
  const u32 size = kOwn + tables.size();
  if (size > 0xffff) return say("the SMBIOS structures are larger than 64 KiB and are left out; use fewer slots");
  const u32 anchor_at = take_table_area(sizeof(Anchor), 16);
  if (anchor_at == 0) return say("there is no room for the SMBIOS entry point");
  constexpr u32 kMostBeside = 1024;
  u32 address = size <= kMostBeside ? take_table_area(size, 16) : 0;
  if (address == 0) {
    const u32 pages = align_up(size, kPageSize);
    address = map.find_high(pages, kPageSize);
    if (address == 0) return say("there is no room for the SMBIOS structures");
    map.claim(address, pages, RangeType::Reserved);
  }
  fill_own(*at<BiosInformation>(address));
  tables.read(0, at<u8>(address + kOwn), tables.size());

  Anchor& anchor = *at<Anchor>(anchor_at);
  anchor_file.read(0, &anchor, sizeof(anchor));
  anchor.size = static_cast<u16>(size);
  anchor.address = address;
  ++anchor.count;
  if (anchor.largest < kOwn) anchor.largest = kOwn;
  constexpr u32 kMiddle = 0x10;
  anchor.middle_checksum = anchor.checksum = 0;
  anchor.middle_checksum = negative_sum(at<u8>(anchor_at + kMiddle), sizeof(Anchor) - kMiddle);
  anchor.checksum = negative_sum(&anchor, sizeof(anchor));
}

}  // namespace firmware
