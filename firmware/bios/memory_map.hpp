// The memory map that the guest is told (int 15h E820, Multiboot): sorted ranges without overlap.
#pragma once

#include "base/types.hpp"

namespace firmware {
using namespace base;

// Types of the E820 interface (ACPI chapter 15).
enum class RangeType : u32 { Ram = 1, Reserved = 2, AcpiReclaimable = 3, AcpiNvs = 4 };

struct Range {
  u64 base;
  u64 size;  // bytes
  RangeType type;
  u64 end() const { return base + size; }
};

class MemoryMap {
 public:
  // From "etc/e820", without what lies in the legacy hole; plus the EBDA and the firmware itself. Refuses to go on
  // when there is no RAM to work with.
  void build();

  // As the firmware that runs tells it by int 15h, E820: ranges in any order, without overlap.
  void adopt(const Range* ranges, u32 count);

  u32 count() const { return count_; }
  const Range& operator[](u32 i) const { return ranges_[i]; }
  u32 dimms() const { return dimms_; }
  u32 ram_mib() const { return ram_mib_; }  // as installed

  // Is all of [base, base + size) RAM at or above 1 MiB?
  bool usable(u64 base, u64 size) const;

  // The highest address where `size` bytes of RAM fit below `limit` and below 3 GiB, aligned to `alignment` (a power of
  // two); 0: none.
  u32 find_high(u32 size, u32 alignment, u64 limit = ~u64{0}) const;

  // Turns [base, base + size), which is inside one RAM range, into `type`.
  void claim(u64 base, u64 size, RangeType type);

 private:
  void insert(Range range);

  static constexpr u32 kMaxRanges = 64;
  Range ranges_[kMaxRanges];
  u32 count_;
  u32 dimms_;
  u32 ram_mib_;
};

}  // namespace firmware
