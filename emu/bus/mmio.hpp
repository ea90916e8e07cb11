// MmioBus: physical addresses that are devices, not RAM.
//
// The board maps devices only where no DIMM can be, so neither side wins over the other. Unmapped reads are all ones,
// writes are ignored. An access that straddles the end of a device's range is done byte by byte.
#pragma once

#include <optional>
#include <vector>

#include "bus/io.hpp"

namespace paemu {

class MmioBus {
 public:
  // Overlap asserts: wiring is code.
  void map(GuestPhys base, u64 size, IoDevice& device);

  // size: 1 to 8 bytes. A device sees 1, 2, 4 or 8; other sizes arrive as single bytes.
  u64 read(GuestPhys address, u32 size);
  void write(GuestPhys address, u32 size, u64 value);

  // A range that software places (PCI): nowhere until move().
  void map_movable(u64 size, IoDevice& device);
  // Moves a device's range (the local APIC by its base MSR, a PCI function by its base address), or takes it away.
  // Where it now covers another device's range, the range that was mapped first answers.
  void move(IoDevice& device, std::optional<GuestPhys> new_base);

  // True where a device answers.
  bool mapped(GuestPhys address) const { return find(address) != nullptr; }

 private:
  struct Range {
    GuestPhys base;
    u64 size;
    IoDevice* device;
  };
  const Range* find(GuestPhys address) const;
  std::vector<Range> ranges_;
};

}  // namespace paemu
