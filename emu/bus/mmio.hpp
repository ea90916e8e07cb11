// MmioBus: physical addresses that are devices, not RAM.
//
// RAM wins nowhere: the board maps devices only where no DIMM can be. Unmapped reads are all ones, writes are ignored.
#pragma once

#include <vector>

#include "bus/io.hpp"

namespace paemu {

class MmioBus {
 public:
  void map(GuestPhys base, u64 size, IoDevice& device);
  u64 read(GuestPhys address, u32 size);
  void write(GuestPhys address, u32 size, u64 value);
  // Moves a device's range (the local APIC by its base MSR).
  void move(IoDevice& device, GuestPhys new_base);

 private:
  struct Range { GuestPhys base; u64 size; IoDevice* device; };
  const Range* find(GuestPhys address) const;
  std::vector<Range> ranges_;
};

}  // namespace paemu
