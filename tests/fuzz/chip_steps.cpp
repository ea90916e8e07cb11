// Steps for the chips that a PC has always had: the floppy controller with its DMA, keyboard and mouse, VGA, SMBus.
#include <initializer_list>

#include "device_steps.hpp"

namespace paemu::fuzz {
namespace {

void out(DeviceBoard& board, u32 port, u32 value, u32 size = 1) { board.access(false, true, port, size, value); }
u8 in8(DeviceBoard& board, u32 port) { return static_cast<u8>(board.access(false, false, port, 1, 0)); }

// Intel 8237A data sheet, "Software Commands": channel 2, its address from where `dma_address` has one below 16 MiB.
void isa_dma(DeviceBoard& board, FuzzInput& in) {
  static constexpr u8 kModes[] = {0x46, 0x4a, 0x56, 0x5a, 0x66, 0x6a, 0x42, 0x86, 0xc6};
  const u64 address = dma_address(in);
  const u32 count = in.byte() < 0xc0 ? 512u * (1 + in.below(18)) - 1 : in.word();
  out(board, 0xd4, 0);  // channel 4 carries the first controller
  out(board, 0x0c, 0);
  out(board, 0x0b, kModes[in.below(std::size(kModes))]);
  out(board, 0x04, address & 0xff), out(board, 0x04, address >> 8 & 0xff);
  out(board, 0x81, address >> 16 & 0xff);
  out(board, 0x05, count & 0xff), out(board, 0x05, count >> 8);
  out(board, 0x0a, in.byte() < 0xe0 ? 2 : 6);
}

// Intel 82077AA data sheet, 5: a command, right in its length or not, then time, data and results.
void floppy_command(DeviceBoard& board, FuzzInput& in) {
  static constexpr u8 kCommands[] = {0x46, 0xe6, 0x45, 0xc5, 0x4d, 0x4a, 0x07, 0x0f, 0x08, 0x04, 0x03, 0x13,
                                     0x12, 0x0e, 0x10, 0x94, 0x14, 0x02, 0x4c, 0x49, 0x16, 0x51, 0x8f, 0xcf};
  const u8 how = in.byte();
  if (how & 1) {  // a reset, and out of it
    out(board, 0x3f2, in.byte() & 0xfb);
    out(board, 0x3f2, how & 2 ? 0x1c : in.byte());
    board.pass(10'000'000);
  }
  if (how & 4) isa_dma(board, in);
  out(board, 0x3f5, how & 8 ? in.byte() : kCommands[in.byte() % std::size(kCommands)]);
  // Drive and head, cylinder, head, sector, size code, last sector, gap, length.
  static constexpr u8 kUsual[] = {0, 0, 0, 1, 2, 18, 0x1b, 0xff};
  const u32 parameters = how & 0x10 ? in.below(20) : 8;
  for (u32 n = 0; n < parameters && (in8(board, 0x3f4) & 0xc0) == 0x80; ++n)
    out(board, 0x3f5, how & 0x20 ? in.byte() : kUsual[n % 8]);
  board.pass(u64{1} << in.below(28));
  for (u32 n = how & 0x40 ? in.word() % 2048 : 16; n > 0; --n) {
    const u8 status = in8(board, 0x3f4);
    if ((status & 0x80) == 0)
      board.pass(1'000'000);
    else if (status & 0x40)
      in8(board, 0x3f5);
    else
      out(board, 0x3f5, n);
  }
}

// The 8042's commands and what it passes on: commands of the keyboard and, by D4, of the mouse.
void keyboard_command(DeviceBoard& board, FuzzInput& in) {
  for (u32 n = 1 + in.below(12); n > 0; --n) {
    const u8 how = in.byte();
    static constexpr u8 kController[] = {0x20, 0x60, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xad,
                                         0xae, 0xc0, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4};
    static constexpr u8 kDevice[] = {0xed, 0xee, 0xf0, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xfa,
                                     0xff, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec};
    if (how & 1) out(board, 0x64, how & 2 ? in.byte() : kController[in.byte() % std::size(kController)]);
    if (how & 4) out(board, 0x60, how & 8 ? in.byte() : kDevice[in.byte() % std::size(kDevice)]);
    if (how & 0x10) in8(board, 0x60);
    if (how & 0x20) board.pass(u64{1} << in.below(26));
  }
}

// A mode from a handful of values, then all registers of a group at once, and a look at the screen.
void video_mode(DeviceBoard& board, FuzzInput& in) {
  const u8 how = in.byte();
  const auto indexed = [&](u32 port, u32 count, std::initializer_list<u8> usual) {
    for (u32 n = 0; n < count; ++n)
      out(board, port, n | (in.byte() & 3 ? *(usual.begin() + n % usual.size()) : in.byte()) << 8, 2);
  };
  if (how & 1) out(board, 0x3c2, in.byte());
  if (how & 2) indexed(0x3c4, 5, {0x03, 0x01, 0x0f, 0x00, 0x0e});
  if (how & 4) indexed(0x3ce, 9, {0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff});
  if (how & 8) {
    out(board, 0x3d4, 0x0011, 2);
    indexed(0x3d4, 25, {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x41, 0x00, 0x00, 0x00,
                        0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff});
  }
  if (how & 0x10) {
    in8(board, 0x3da);
    for (u32 n = 0; n < 21; ++n) out(board, 0x3c0, n), out(board, 0x3c0, in.byte());
    out(board, 0x3c0, 0x20);
  }
  // The Bochs interface: size, depth, on, bank, virtual width, offsets.
  if (how & 0x20) {
    for (u32 n = 0; n < 10; ++n) {
      static constexpr u16 kUsual[] = {0xb0c5, 640, 480, 8, 0x41, 0, 640, 480, 0, 0};
      out(board, 0x1ce, n, 2);
      out(board, 0x1cf, in.byte() & 3 ? kUsual[n] : in.word(), 2);
    }
  }
  for (u32 n = in.byte(); n > 0; --n) board.access(true, true, 0xa0000 + in.word() * 2, 4, n * 0x01234567);
  Picture picture;
  board.pc().picture(picture);
}

// Intel 82371AB data sheet, 7.3: a transfer on the SMBus.
void smbus_transfer(DeviceBoard& board, FuzzInput& in) {
  const u32 base = kSmbusPorts;
  const u8 how = in.byte();
  out(board, base + 4, how & 1 ? in.byte() : 0xa0 | (in.byte() & 7));
  out(board, base + 3, in.byte());
  out(board, base + 5, in.byte()), out(board, base + 6, in.byte());
  for (u32 n = how & 2 ? in.below(40) : 0; n > 0; --n) out(board, base + 7, in.byte());
  out(board, base + 2, 0x40 | (in.byte() & 0x3f));
  board.pass(1'000'000);
  in8(board, base);
  for (u32 n = in.below(40); n > 0; --n) in8(board, base + 7);
  out(board, base, in.byte());
}

// ACPI: a slot of the memory hotplug registers, and what is written to it.
void slot_command(DeviceBoard& board, FuzzInput& in) {
  out(board, 0xa00, in.byte() & 1 ? in.below(3) : in.dword(), 4);
  for (u32 at = 0; at < 24; at += 4) board.access(false, false, 0xa00 + at, 4, 0);
  out(board, 0xa14, in.byte());
  out(board, 0xa04, in.dword(), 4);
  out(board, 0xa08, in.dword(), 4);
}

}  // namespace

void chip_step(DeviceBoard& board, FuzzInput& in) {
  switch (in.below(8)) {
    case 0:
    case 1:
    case 2: return floppy_command(board, in);
    case 3: return keyboard_command(board, in);
    case 4:
    case 5: return video_mode(board, in);
    case 6: return smbus_transfer(board, in);
    default: return slot_command(board, in);
  }
}

}  // namespace paemu::fuzz
