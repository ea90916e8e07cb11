// The Bochs display interface: sizes and depths beyond the VGA's, set by eleven registers of 16 bits.
#include <algorithm>
#include <cstring>

#include "dev/vga.hpp"

namespace paemu {

using namespace dispi;

namespace {

constexpr u16 kDepths[] = {4, 8, 15, 16, 24, 32};

constexpr u32 bits_stored(u16 depth) { return depth == 15 ? 16 : depth; }

}  // namespace

u64 Vga::DispiPorts::io_read(u64 offset, u32) {
  return offset == 0 ? vga.state_.dispi_index : vga.read_dispi(vga.state_.dispi_index);
}

void Vga::DispiPorts::io_write(u64 offset, u32, u64 value) {
  if (offset == 0)
    vga.state_.dispi_index = static_cast<u16>(value);
  else
    vga.write_dispi(vga.state_.dispi_index, static_cast<u16>(value));
}

u16 Vga::read_dispi(u32 index) const {
  if (index >= kCount) return 0;
  if (index == kMemory64k) return kMemorySize / 0x10000;
  if (state_.dispi[kEnable] & kGetLimits) {
    if (index == kWidth) return kMostWidth;
    if (index == kHeight) return kMostHeight;
    if (index == kDepth) return kMostDepth;
  }
  return state_.dispi[index];
}

void Vga::write_dispi(u32 index, u16 value) {
  u16* const d = state_.dispi;
  // Size and depth can't change under a picture that is shown.
  if (state_.dispi_on() && (index == kWidth || index == kHeight || index == kDepth)) return;
  switch (index) {
    case kId:
      if (value >= kFirstId && value <= kLastId) d[kId] = value;
      break;
    case kWidth:
      if (value <= kMostWidth) d[kWidth] = value & 0xfff8;
      break;
    case kHeight:
      if (value <= kMostHeight) d[kHeight] = value;
      break;
    case kDepth:
      if (value == 0) value = 8;
      if (std::find(std::begin(kDepths), std::end(kDepths), value) != std::end(kDepths)) d[kDepth] = value;
      break;
    case kEnable: return enable_dispi(value);
    case kBank: d[kBank] = value % (kMemorySize / 0x10000); break;
    case kVirtualWidth:
    case kX:
    case kY:
      d[index] = value;
      fit_virtual_screen();
      break;
    default: break;  // the virtual height follows from the width, the memory is what it is
  }
}

void Vga::enable_dispi(u16 value) {
  u16* const d = state_.dispi;
  const bool was_on = state_.dispi_on();
  const u32 bytes = u32{d[kWidth]} * d[kHeight] * bits_stored(d[kDepth]) / 8;
  if ((value & kEnabled) && (bytes == 0 || bytes > kMemorySize)) value &= static_cast<u16>(~kEnabled);
  // The palette keeps its colours when its width changes.
  const int shift = (value & kDac8 ? 2 : 0) - (d[kEnable] & kDac8 ? 2 : 0);
  if (shift != 0) {
    for (auto& entry : state_.palette) {
      for (u8& component : entry) component = static_cast<u8>(shift > 0 ? component << 2 : component >> 2);
    }
  }
  d[kEnable] = value;
  d[kBank] = 0;
  if (!state_.dispi_on() || was_on) return;
  d[kVirtualWidth] = d[kWidth];
  d[kX] = d[kY] = 0;
  fit_virtual_screen();
  if (value & kKeepMemory) return;
  for (u64 page = 0; page < kMemorySize; page += kPageSize) {
    u8* const at = memory_.video() + page;
    // A page that is zero stays uncommitted and clean.
    if (at[0] == 0 && std::memcmp(at, at + 1, kPageSize - 1) == 0) continue;
    memory_.mark_video_written(page);
    std::memset(at, 0, kPageSize);
  }
}

// The virtual screen is at least as wide as the visible one, and as high as the memory allows; what is shown lies in it.
void Vga::fit_virtual_screen() {
  u16* const d = state_.dispi;
  const u32 bits = std::max(bits_stored(d[kDepth]), 4u);
  d[kVirtualWidth] = std::max(d[kVirtualWidth], d[kWidth]);
  if (d[kVirtualWidth] == 0) return;
  const u32 most = static_cast<u32>(kMemorySize * 8 / bits / std::max<u32>(d[kHeight], 1));
  d[kVirtualWidth] = static_cast<u16>(std::min<u32>(d[kVirtualWidth], most) & ~7u);
  d[kVirtualHeight] =
      static_cast<u16>(std::min<u64>(kMemorySize * 8 / bits / std::max<u32>(d[kVirtualWidth], 8), 0xffff));
  d[kX] = std::min<u16>(d[kX], static_cast<u16>(d[kVirtualWidth] - std::min(d[kWidth], d[kVirtualWidth])));
  d[kY] = std::min<u16>(d[kY], static_cast<u16>(d[kVirtualHeight] - std::min(d[kHeight], d[kVirtualHeight])));
}

}  // namespace paemu
