#include "dev/i8237.hpp"

#include <algorithm>

namespace paemu {

namespace {

// Mode register (figure 6 of the data sheet).
constexpr u8 kTransferBits = 0x0c, kAutoInitialize = 0x10, kDecrement = 0x20;
constexpr u8 kDisabled = 0x04;  // of the command register
// Page registers by channel (82371SB, 2.5.6), as ports less 0x80.
constexpr u8 kPageOf[8] = {0x7, 0x3, 0x1, 0x2, 0xf, 0xb, 0x9, 0xa};

void set_half(u16& word, bool high, u8 value) {
  word = static_cast<u16>(high ? (word & 0x00ff) | value << 8 : (word & 0xff00) | value);
}

}  // namespace

// --- Registers (table 5): 0 to 7 address and count of each channel in turn, 8 to 15 commands.

u8 I8237::read(Controller& c, u32 reg) {
  if (reg < 8) {
    const Channel& channel = c.channels[reg / 2];
    const u16 word = reg % 2 == 0 ? channel.address : channel.count;
    const bool high = c.high_byte;
    c.high_byte = !high;
    return static_cast<u8>(high ? word >> 8 : word);
  }
  switch (reg) {
    case 8: {  // status: reading it clears the terminal counts
      const u8 status = c.terminal_counts;
      c.terminal_counts = 0;
      return status;
    }
    case 15: return static_cast<u8>(c.mask | 0xf0);
    default: return 0;  // 13, temporary: no memory-to-memory transfers on a PC
  }
}

void I8237::write(Controller& c, u32 reg, u8 value) {
  if (reg < 8) {
    Channel& channel = c.channels[reg / 2];
    set_half(reg % 2 == 0 ? channel.base_address : channel.base_count, c.high_byte, value);
    set_half(reg % 2 == 0 ? channel.address : channel.count, c.high_byte, value);
    c.high_byte = !c.high_byte;
    return;
  }
  const u8 bit = static_cast<u8>(1u << (value & 3));
  switch (reg) {
    case 8: c.command = value; break;
    case 9: break;  // software requests: chips ask here by themselves
    case 10: c.mask = static_cast<u8>((value & 4) != 0 ? c.mask | bit : c.mask & ~bit); break;
    case 11: c.channels[value & 3].mode = value; break;
    case 12: c.high_byte = false; break;
    case 13:  // master clear
      c.command = c.terminal_counts = 0;
      c.mask = 0x0f;
      c.high_byte = false;
      break;
    case 14: c.mask = 0; break;
    case 15: c.mask = value & 0x0f; break;
    default: break;
  }
}

// The second controller's registers are two ports apart.
u64 I8237::ControllerPorts::io_read(u64 offset, u32) {
  return dma.read(dma.state_.controllers[number], static_cast<u32>(offset >> number));
}

void I8237::ControllerPorts::io_write(u64 offset, u32, u64 value) {
  dma.write(dma.state_.controllers[number], static_cast<u32>(offset >> number), static_cast<u8>(value));
}

// --- Transfers.

template <class Byte, class Move>
I8237::Moved I8237::transfer(u32 channel, std::span<Byte> bytes, Direction direction, Move&& move) {
  Controller& c = state_.controllers[channel / 4];
  Channel& ch = c.channels[channel % 4];
  const u8 bit = static_cast<u8>(1u << (channel % 4));
  const auto set_up = static_cast<Direction>((ch.mode & kTransferBits) >> 2 & 3);
  const bool carried =
      channel >= 4 || ((state_.controllers[1].mask & 1) == 0 && (state_.controllers[1].command & kDisabled) == 0);
  if ((c.mask & bit) != 0 || (c.command & kDisabled) != 0 || !carried) return {};
  if (set_up != direction && set_up != Direction::kVerify) return {};

  // The count and the low 16 bits of the address wrap; the page stays. Words have page bits 17 to 23.
  const u32 unit = channel >= 4 ? 2 : 1;
  const u32 page = u32{state_.pages[kPageOf[channel]]} << 16 & (unit == 2 ? 0xfe0000u : 0xff0000u);
  Moved moved;
  while (moved.bytes + unit <= bytes.size() && !moved.terminal_count) {
    if (set_up == direction) move(GuestPhys{page + u32{ch.address} * unit}, bytes.subspan(moved.bytes, unit));
    moved.bytes += unit;
    ch.address = static_cast<u16>((ch.mode & kDecrement) != 0 ? ch.address - 1 : ch.address + 1);
    moved.terminal_count = ch.count-- == 0;
  }
  if (!moved.terminal_count) return moved;
  c.terminal_counts |= bit;
  if ((ch.mode & kAutoInitialize) != 0) {
    ch.address = ch.base_address;
    ch.count = ch.base_count;
  } else {
    c.mask |= bit;
  }
  return moved;
}

I8237::Moved I8237::to_memory(u32 channel, std::span<const u8> bytes) {
  return transfer(channel, bytes, Direction::kToMemory,
                  [this](GuestPhys at, std::span<const u8> unit) { (void)memory_.write(at, unit); });
}

I8237::Moved I8237::from_memory(u32 channel, std::span<u8> bytes) {
  return transfer(channel, bytes, Direction::kFromMemory, [this](GuestPhys at, std::span<u8> unit) {
    if (!memory_.read(at, unit)) std::fill(unit.begin(), unit.end(), u8{0xff});
  });
}

}  // namespace paemu
