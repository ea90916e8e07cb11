// What a device on the port or the memory bus implements, and the port bus. MMIO is bus/mmio.hpp.
//
// Sizes are 1, 2 or 4 bytes (MMIO also 8). Unmapped ports read as all ones and ignore writes.
#pragma once

#include <memory>
#include <vector>

#include "base/error.hpp"
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

class PortBus {
 public:
  PortBus();

  // Ports [first, first + count) belong to `device`, whose offsets start at 0. Overlap asserts: wiring is code.
  void map(u32 first, u32 count, IoDevice& device);

  // An access wider than one port that no single device covers is split into bytes, lowest first.
  u32 read(u32 port, u32 size);
  void write(u32 port, u32 size, u32 value);

 private:
  struct Range { u32 first; u32 count; IoDevice* device; };
  const Range* find(u32 port) const;
  std::vector<Range> ranges_;
  std::vector<u16> range_of_port_;  // 65536 entries; 0: none, else index + 1
};

}  // namespace paemu
