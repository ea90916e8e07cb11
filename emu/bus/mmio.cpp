#include "bus/mmio.hpp"

#include <cassert>

#include "base/bits.hpp"

namespace paemu {

namespace {
constexpr GuestPhys kNowhere{~u64{0}};

constexpr u64 all_ones(u32 size) { return size >= 8 ? ~u64{0} : (u64{1} << (size * 8)) - 1; }
}  // namespace

void MmioBus::map(GuestPhys base, u64 size, IoDevice& device) {
  for (const Range& r : ranges_) assert(base >= r.base + r.size || r.base >= base + size);
  ranges_.push_back(Range{base, size, &device});
}

void MmioBus::map_movable(u64 size, IoDevice& device) { ranges_.push_back(Range{kNowhere, size, &device}); }

void MmioBus::move(IoDevice& device, std::optional<GuestPhys> new_base) {
  for (Range& r : ranges_) {
    if (r.device == &device) r.base = new_base.value_or(kNowhere);
  }
}

const MmioBus::Range* MmioBus::find(GuestPhys address) const {
  for (const Range& r : ranges_) {
    if (address >= r.base && address - r.base < r.size) return &r;
  }
  return nullptr;
}

u64 MmioBus::read(GuestPhys address, u32 size) {
  assert(size >= 1 && size <= 8);
  const Range* range = find(address);
  if (range != nullptr && is_power_of_two(size) && address - range->base + size <= range->size) {
    return range->device->io_read(address - range->base, size) & all_ones(size);
  }
  if (size == 1) return all_ones(1);
  u64 value = 0;
  for (u32 i = 0; i < size; ++i) value |= read(address + i, 1) << (i * 8);
  return value;
}

void MmioBus::write(GuestPhys address, u32 size, u64 value) {
  assert(size >= 1 && size <= 8);
  const Range* range = find(address);
  if (range != nullptr && is_power_of_two(size) && address - range->base + size <= range->size) {
    range->device->io_write(address - range->base, size, value & all_ones(size));
    return;
  }
  if (size == 1) return;
  for (u32 i = 0; i < size; ++i) write(address + i, 1, (value >> (i * 8)) & 0xff);
}

}  // namespace paemu
