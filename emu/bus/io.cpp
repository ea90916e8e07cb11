#include "bus/io.hpp"

#include <cassert>

namespace paemu {

namespace {
constexpr u32 all_ones(u32 size) { return size >= 4 ? ~0u : (1u << (size * 8)) - 1; }
}  // namespace

PortBus::PortBus() : range_of_port_(kPorts, 0) {}

void PortBus::map(u32 first, u32 count, IoDevice& device, PortWidth width) {
  assert(count > 0 && first + count <= kPorts);
  ranges_.push_back(Range{first, count, &device, static_cast<u32>(width)});
  for (u32 port = first; port < first + count; ++port) {
    assert(range_of_port_[port] == 0);
    range_of_port_[port] = static_cast<u16>(ranges_.size());
  }
}

bool PortBus::free(u32 first, u32 count) const {
  if (first >= kPorts || count > kPorts - first) return false;
  for (u32 port = first; port < first + count; ++port) {
    if (range_of_port_[port] != 0) return false;
  }
  return true;
}

void PortBus::map_movable(u32 count, IoDevice& device, PortWidth width) {
  assert(count > 0 && count <= kPorts);
  movable_.push_back(Range{kPorts, count, &device, static_cast<u32>(width)});
}

void PortBus::move(IoDevice& device, std::optional<u32> first) {
  for (Range& r : movable_) {
    if (r.device == &device) r.first = first && *first <= kPorts - r.count ? *first : kPorts;
  }
}

const PortBus::Range* PortBus::find(u32 port) const {
  if (port >= kPorts) return nullptr;
  if (const u16 range = range_of_port_[port]; range != 0) return &ranges_[range - 1u];
  for (const Range& r : movable_) {
    if (port >= r.first && port - r.first < r.count) return &r;
  }
  return nullptr;
}

bool PortBus::takes_whole(const Range& range, u32 port, u32 size) const {
  return size <= range.width && port - range.first + size <= range.count;
}

u32 PortBus::read(u32 port, u32 size) {
  assert(size == 1 || size == 2 || size == 4);
  if (port >= kPorts) return all_ones(size);
  const Range* range = find(port);
  if (range != nullptr && takes_whole(*range, port, size)) {
    return static_cast<u32>(range->device->io_read(port - range->first, size)) & all_ones(size);
  }
  if (size == 1) return all_ones(1);
  const u32 half = size / 2;
  const u32 low = read(port, half);
  return low | (read(port + half, half) << (half * 8));
}

void PortBus::write(u32 port, u32 size, u32 value) {
  assert(size == 1 || size == 2 || size == 4);
  if (port >= kPorts) return;
  const Range* range = find(port);
  if (range != nullptr && takes_whole(*range, port, size)) {
    range->device->io_write(port - range->first, size, value & all_ones(size));
    return;
  }
  if (size == 1) return;
  const u32 half = size / 2;
  write(port, half, value);
  write(port + half, half, value >> (half * 8));
}

}  // namespace paemu
