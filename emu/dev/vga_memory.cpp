// The window at 0xa0000: what the graphics controller makes of the processor's reads and writes.
//
// The planes are four bytes side by side, so that one 32-bit word does for all four what the manual says of each.
#include <cstring>

#include "dev/vga.hpp"

namespace paemu {

using namespace vga;

namespace {

constexpr u32 kPlaneMask = 0xffff;  // 64 KiB a plane

// A bit a plane -> all ones in that plane's byte.
constexpr u32 spread(u32 planes) {
  return (planes & 1 ? 0xffu : 0) | (planes & 2 ? 0xff00u : 0) | (planes & 4 ? 0xff0000u : 0) |
         (planes & 8 ? 0xff000000u : 0);
}
constexpr u32 repeat(u8 byte) { return byte * 0x01010101u; }

u32 load32(const u8* from) {
  u32 value;
  std::memcpy(&value, from, 4);
  return value;
}

}  // namespace

// Where in the window of 128 KiB the memory answers: Miscellaneous, Memory Map.
std::optional<u32> Vga::window_offset(u32 address) const {
  if (!(state_.misc & kEnableRam)) return {};
  struct Map {
    u32 first, size;
  };
  static constexpr Map kMaps[4] = {{0x00000, 0x20000}, {0x00000, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
  const Map& map =
      state_.linear() ? kMaps[1] : kMaps[(state_.graphics[kGraphicsMisc] >> kMemoryMapShift) & kMemoryMapMask];
  if (address < map.first || address - map.first >= map.size) return {};
  return address - map.first;
}

// The byte of each plane that an address reaches. Chained modes let the low bits choose the plane instead; with 128 KiB
// chained odd and even, bit 16 takes the place of bit 0.
u32 Vga::plane_offset(u32 address) const {
  const State& s = state_;
  if (s.sequencer[kMemoryMode] & kChain4) return address & kPlaneMask & ~3u;
  if (s.graphics[kGraphicsMisc] & kChainOddEven) return (address & kPlaneMask & ~1u) | ((address >> 16) & 1);
  // The Bochs interface has more planar memory than the window shows.
  const u32 bank = s.dispi_on() ? u32{s.dispi[dispi::kBank]} << 16 : 0;
  return (bank | (address & kPlaneMask)) & (kMemorySize / 4 - 1);
}

u8 Vga::read_byte(u32 address) {
  State& s = state_;
  const std::optional<u32> offset = window_offset(address);
  if (!offset) return 0xff;
  if (s.linear()) {
    return memory_.video()[(u64{s.dispi[dispi::kBank]} * 0x10000 + *offset) & (kMemorySize - 1)];
  }
  s.latch = load32(memory_.video() + 4 * plane_offset(*offset));
  if (s.graphics[kGraphicsMode] & kReadMode1) {
    // Read mode 1: a bit is one where all planes that count have the colour.
    const u32 care = spread(s.graphics[kColourDontCare]);
    const u32 differs = (s.latch ^ spread(s.graphics[kColourCompare])) & care;
    return static_cast<u8>(~(differs | differs >> 8 | differs >> 16 | differs >> 24));
  }
  u32 plane = s.graphics[kReadMap] & 3;
  if (s.sequencer[kMemoryMode] & kChain4)
    plane = address & 3;
  else if (s.graphics[kGraphicsMode] & kHostOddEven)
    plane = (plane & 2) | (address & 1);
  return static_cast<u8>(s.latch >> (8 * plane));
}

void Vga::write_byte(u32 address, u8 value) {
  const State& s = state_;
  const std::optional<u32> offset = window_offset(address);
  if (!offset) return;
  if (s.linear()) {
    const u64 at = (u64{s.dispi[dispi::kBank]} * 0x10000 + *offset) & (kMemorySize - 1);
    memory_.mark_video_written(at);
    memory_.video()[at] = value;
    return;
  }
  u32 planes = s.sequencer[kMapMask];
  if (s.sequencer[kMemoryMode] & kChain4)
    planes &= 1u << (address & 3);
  else if (!(s.sequencer[kMemoryMode] & kSequential))
    planes &= address & 1 ? 0xa : 0x5;
  write_planes(4 * plane_offset(*offset), value, planes);
}

// Graphics Mode, Write Mode; Data Rotate; Set/Reset; Bit Mask.
void Vga::write_planes(u32 offset, u8 value, u32 planes) {
  const State& s = state_;
  const u8* g = s.graphics;
  const u32 rotate = g[kDataRotate] & 7;
  const u8 rotated = static_cast<u8>(value >> rotate | value << (8 - rotate));
  const u32 latch = s.latch;
  u32 data = 0, mask = repeat(g[kBitMask]);
  switch (g[kGraphicsMode] & 3) {
    case 0: {
      const u32 from_set = spread(g[kEnableSetReset]);
      data = (spread(g[kSetReset]) & from_set) | (repeat(rotated) & ~from_set);
      break;
    }
    case 1:
      data = latch;
      mask = ~0u;
      break;
    case 2: data = spread(value); break;
    case 3:
      data = spread(g[kSetReset]);
      mask &= repeat(rotated);
      break;
  }
  if ((g[kGraphicsMode] & 3) != 1) {
    switch (g[kDataRotate] >> 3 & 3) {
      case 1: data &= latch; break;
      case 2: data |= latch; break;
      case 3: data ^= latch; break;
      default: break;
    }
    data = (data & mask) | (latch & ~mask);
  }
  const u32 written = spread(planes);
  u8* const at = memory_.video() + offset;
  const u32 stored = (load32(at) & ~written) | (data & written);
  memory_.mark_video_written(offset);
  std::memcpy(at, &stored, 4);
}

// The bus to the VGA is 8 bits wide for all that it notices: a wider access is one of each byte, lowest first.
u64 Vga::Window::io_read(u64 offset, u32 size) {
  u64 value = 0;
  for (u32 i = 0; i < size; ++i) value |= u64{vga.read_byte(static_cast<u32>(offset) + i)} << (8 * i);
  return value;
}

void Vga::Window::io_write(u64 offset, u32 size, u64 value) {
  for (u32 i = 0; i < size; ++i) vga.write_byte(static_cast<u32>(offset) + i, static_cast<u8>(value >> (8 * i)));
}

}  // namespace paemu
