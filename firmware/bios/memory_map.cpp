#include "bios/memory_map.hpp"

#include "abi/fw_cfg.hpp"
#include "abi/memory_map.hpp"
#include "base/bits.hpp"
#include "bios/console.hpp"
#include "bios/fw_cfg.hpp"
#include "bios/layout.hpp"

namespace firmware {

namespace map = abi::memory_map;

void MemoryMap::insert(Range range) {
  if (range.size == 0) return;
  if (count_ == kMaxRanges) refuse("the memory map has more than ", kMaxRanges, " ranges; use fewer DIMMs");
  u32 at = count_++;
  for (; at > 0 && ranges_[at - 1].base > range.base; --at) ranges_[at] = ranges_[at - 1];
  ranges_[at] = range;
}

void MemoryMap::build() {
  struct [[gnu::packed]] Entry {
    u64 base, size;
    u32 type;
  };
  FwCfgItem file = fw_cfg_file(abi::fw_cfg::kE820File);
  for (u32 offset = 0; file.size() - offset >= sizeof(Entry); offset += sizeof(Entry)) {
    Entry entry;
    file.read(offset, &entry, sizeof(entry));
    u64 base = entry.base;
    const u64 end = entry.base + entry.size;
    if (entry.type != static_cast<u32>(RangeType::Ram) || end <= base) continue;
    ++dimms_;
    ram_mib_ += static_cast<u32>(entry.size >> 20);
    if (base < map::kExtended) {  // the legacy hole is no RAM, and the EBDA is ours
      const u64 low_end = end < kEbda ? end : kEbda;
      if (base < low_end) insert({base, low_end - base, RangeType::Ram});
      base = map::kExtended;
    }
    if (base < end) insert({base, end - base, RangeType::Ram});
  }
  if (count_ == 0 || !usable(kScratch, kScratchSize))
    refuse("there is no RAM above 1 MiB; give the machine more memory");
  insert({kEbda, kEbdaEnd - kEbda, RangeType::Reserved});
  insert({map::kBiosShadow, map::kBiosShadowSize, RangeType::Reserved});
  insert({map::kFirmwareEnd - map::kBiosShadowSize, map::kBiosShadowSize, RangeType::Reserved});
}

void MemoryMap::adopt(const Range* ranges, u32 count) {
  for (u32 i = 0; i < count; ++i) insert(ranges[i]);
  if (count_ == 0 || !usable(kScratch, kScratchSize))
    refuse("there is no RAM above 1 MiB; give the machine more memory");
}

bool MemoryMap::usable(u64 base, u64 size) const {
  if (base < map::kExtended || base + size < base) return false;
  for (u32 i = 0; i < count_; ++i) {
    const Range& r = ranges_[i];
    if (r.type == RangeType::Ram && base >= r.base && base + size <= r.end()) return true;
  }
  return false;
}

u32 MemoryMap::find_high(u32 size, u32 alignment, u64 limit) const {
  if (limit > map::kLowRamEnd) limit = map::kLowRamEnd;
  for (u32 i = count_; i > 0; --i) {
    const Range& r = ranges_[i - 1];
    const u64 end = r.end() < limit ? r.end() : limit;
    if (r.type != RangeType::Ram || r.base < map::kExtended || end < r.base + size) continue;
    const u64 base = align_down<u64>(end - size, alignment);
    if (base >= r.base) return static_cast<u32>(base);
  }
  return 0;
}

void MemoryMap::claim(u64 base, u64 size, RangeType type) {
  for (u32 i = 0; i < count_; ++i) {
    Range& r = ranges_[i];
    if (r.type != RangeType::Ram || base < r.base || base + size > r.end()) continue;
    const Range behind{base + size, r.end() - (base + size), RangeType::Ram};
    r.size = base - r.base;
    if (r.size == 0) {
      r = {base, size, type};
    } else {
      insert({base, size, type});
    }
    insert(behind);
    return;
  }
}

}  // namespace firmware
