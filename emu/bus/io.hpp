// What a device on the port or the memory bus implements, and the port bus. MMIO is bus/mmio.hpp.
//
// Sizes are 1, 2 or 4 bytes (MMIO also 8). Unmapped ports read as all ones and ignore writes.
#pragma once

#include <optional>
#include <vector>

#include "base/types.hpp"

namespace paemu {
using namespace base;

class IoDevice {
 public:
  // offset: bytes from the start of the mapped range. Returns the value in the low `size` bytes.
  virtual u64 io_read(u64 offset, u32 size) = 0;
  virtual void io_write(u64 offset, u32 size, u64 value) = 0;

 protected:
  ~IoDevice() = default;
};

// How many data lines a chip has: a wider access is split, lowest part first, as the ISA bridge does it.
enum class PortWidth : u8 { k8 = 1, k16 = 2, k32 = 4 };

class PortBus {
 public:
  PortBus();

  // Ports [first, first + count) belong to `device`, whose offsets start at 0. Overlap asserts: wiring is code.
  void map(u32 first, u32 count, IoDevice& device, PortWidth width = PortWidth::k32);

  // No fixed range has any of these ports.
  bool free(u32 first, u32 count) const;

  // Ports that software places (PCI): nowhere until move(). A fixed range answers before one that was moved over it.
  void map_movable(u32 count, IoDevice& device, PortWidth width = PortWidth::k32);
  void move(IoDevice& device, std::optional<u32> first);

  // An access that no single device covers, or that is wider than the device, is split in halves, the lower first.
  // Ports past 0xffff are unmapped: nothing wraps.
  u32 read(u32 port, u32 size);
  void write(u32 port, u32 size, u32 value);

 private:
  struct Range {
    u32 first;  // kPorts: nowhere
    u32 count;
    IoDevice* device;
    u32 width;
  };
  static constexpr u32 kPorts = 0x10000;
  const Range* find(u32 port) const;
  bool takes_whole(const Range& range, u32 port, u32 size) const;
  std::vector<Range> ranges_;
  std::vector<Range> movable_;
  std::vector<u16> range_of_port_;  // 65536 entries; 0: none, else index + 1
};

}  // namespace paemu
