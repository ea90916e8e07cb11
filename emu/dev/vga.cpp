#include "dev/vga.hpp"

#include <cassert>

#include "abi/edid.hpp"

namespace paemu {

namespace {

constexpr PciRegister kRegisters[] = {
    {0x00, 2, 0x1234}, {0x02, 2, 0x1111},     {0x04, 2, 0x0000, 0x0103},  // ports, memory, SERR#
    {0x08, 1, 0x02},                                                      // 2: has the byte order register
    {0x09, 1, 0x00},                                                      // class: VGA compatible controller
    {0x0a, 2, 0x0300}, {0x2c, 4, 0x11001af4}, {0x3c, 1, 0x00, 0xff},
};

constexpr u32 kFrameBufferBar = 0, kRegistersBar = 2;
constexpr u32 kRegistersSize = 0x1000, kRomSize = 0x10000;

// Within base address 2.
constexpr u64 kEdidEnd = 0x400, kPortsAt = 0x400, kPortsEnd = 0x420, kDispiAt = 0x500, kDispiEnd = 0x516;
constexpr u64 kByteOrderSize = 0x600, kByteOrder = 0x604;
constexpr u32 kLittleEndian = 0x1e1e1e1e;
constexpr abi::edid::Block kEdid = abi::edid::make();
constexpr u32 kPortsFirst = 0x3c0;  // the port at kPortsAt

}  // namespace

Vga::Vga(PhysicalMemory& memory, const VirtualClock& clock, std::vector<u8> rom, u64 addresses_end)
    : PciFunction(kRegisters), memory_(memory), clock_(clock), rom_(std::move(rom)), addresses_end_(addresses_end) {
  assert(rom_.size() <= kRomSize);
  memory_.add_video(kMemorySize);
  add_window({kFrameBufferBar, Space::kMemory, kMemorySize, nullptr, PortWidth::k32, pci::kPrefetchable});
  add_window({kRegistersBar, Space::kMemory, kRegistersSize, &registers_});
  if (!rom_.empty()) add_window({pci::kRomIndex, Space::kMemory, kRomSize, &rom_window_});
  reset_config();
}

void Vga::reset() {
  state_ = State{};
  reset_config();
  on_placed();
}

void Vga::on_placed() {
  u32 base;
  const bool shown = placed(windows()[0], base) && base + kMemorySize <= addresses_end_;
  memory_.show_video(shown ? std::optional<GuestPhys>(GuestPhys{base}) : std::nullopt);
}

u64 Vga::Rom::io_read(u64 offset, u32 size) {
  u64 value = 0;
  for (u32 i = 0; i < size; ++i) {
    const u64 byte = offset + i < vga.rom_.size() ? vga.rom_[offset + i] : 0xff;
    value |= byte << (8 * i);
  }
  return value;
}

u64 Vga::Registers::io_read(u64 offset, u32 size) {
  if (offset < kEdidEnd) {
    u64 value = 0;
    for (u32 i = 0; i < size; ++i)
      value |= u64{offset + i < abi::edid::kSize ? kEdid.bytes[offset + i] : u8{0}} << (8 * i);
    return value;
  }
  if (offset >= kPortsAt && offset < kPortsEnd) {
    u64 value = 0;
    for (u32 i = 0; i < size; ++i) {
      value |= u64{vga.read_port(kPortsFirst + static_cast<u32>(offset - kPortsAt) + i)} << (8 * i);
    }
    return value;
  }
  if (offset >= kDispiAt && offset < kDispiEnd) {
    if (size == 2) return vga.read_dispi(static_cast<u32>(offset - kDispiAt) / 2);
    return ~u64{0};
  }
  if (offset == kByteOrderSize && size == 4) return 8;
  if (offset == kByteOrder && size == 4) return kLittleEndian;
  return ~u64{0};
}

void Vga::Registers::io_write(u64 offset, u32 size, u64 value) {
  if (offset >= kPortsAt && offset < kPortsEnd) {
    for (u32 i = 0; i < size; ++i) {
      vga.write_port(kPortsFirst + static_cast<u32>(offset - kPortsAt) + i, static_cast<u8>(value >> (8 * i)));
    }
  } else if (offset >= kDispiAt && offset < kDispiEnd && size == 2) {
    vga.write_dispi(static_cast<u32>(offset - kDispiAt) / 2, static_cast<u16>(value));
  }
}

}  // namespace paemu
