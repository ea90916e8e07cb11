#include "dev/piix3_ide.hpp"

#include <algorithm>

namespace paemu {

namespace {

constexpr u32 kTiming = 0x40;  // IDETIM, a word a channel
constexpr u16 kDecodeEnable = 1u << 15;

// Chapter 2.3. Timings are kept as written and have no effect.
constexpr PciRegister kRegisters[] = {
    {0x00, 2, 0x8086},
    {0x02, 2, 0x7010},
    {0x04, 2, 0x0000, 0x0005},     // PCICMD: ports, bus master
    {0x06, 2, 0x0280, 0, 0x3800},  // PCISTS
    {0x08, 1, 0x00},
    {0x09, 1, 0x80},  // PI: a bus master, at the legacy ports
    {0x0a, 2, 0x0101},
    {0x0d, 1, 0x00, 0xf0},      // MLT
    {0x40, 2, 0x0000, 0xf3ff},  // IDETIM of the primary channel
    {0x42, 2, 0x0000, 0xf3ff},  // and of the secondary
    {0x44, 1, 0x00, 0xff},      // SIDETIM
};

// BMICX (2.8.1).
constexpr u8 kStart = 1u << 0, kToMemory = 1u << 3;
// BMISX (2.8.2).
constexpr u8 kActive = 1u << 0, kError = 1u << 1, kInterrupt = 1u << 2, kCapable = 3u << 5;

constexpr u32 kLastRegion = 1u << 31;

}  // namespace

Piix3Ide::Piix3Ide(PhysicalMemory& memory)
    : PciFunction(kRegisters), memory_(memory), channels_{Channel(*this, 0), Channel(*this, 1)}, bus_master_(*this) {
  add_window({.index = 4, .space = Space::kPorts, .size = 16, .device = &bus_master_});
}

void Piix3Ide::attach(u32 channel, u32 unit, AtaDevice& device) {
  channels_[channel].devices[unit] = &device;
  device.connect(channels_[channel], unit);
}

void Piix3Ide::reset() {
  reset_config();
  state_ = State{};
  for (Channel& channel : channels_) {
    for (AtaDevice* device : channel.devices)
      if (device != nullptr) device->hardware_reset();
    channel.irq.set(false);
  }
}

// --- The ports of a channel.

bool Piix3Ide::Channel::decodes() const {
  return (ide_.command() & pci::kDecodePorts) != 0 &&
         (ide_.config_value(kTiming + 2 * number_, 2) & kDecodeEnable) != 0;
}

AtaDevice* Piix3Ide::Channel::selected() const {
  for (AtaDevice* device : devices)
    if (device != nullptr && device->selected()) return device;
  return nullptr;
}

u8 Piix3Ide::Channel::read_register(u32 reg) {
  if (AtaDevice* device = selected()) return device->read_register(reg);
  // An empty cable reads as zeroes here. A lone device 0 answers for device 1: with its own registers, but status and
  // error 0 (ATA-6, 9.16.1).
  if (devices[0] == nullptr || reg == ata::kStatus || reg == ata::kError) return 0;
  return devices[0]->read_register(reg);
}

void Piix3Ide::Channel::write_register(u32 reg, u8 value) {
  for (AtaDevice* device : devices)
    if (device != nullptr) device->write_register(reg, value);
  if (reg == ata::kDevice) on_interrupt_changed();
}

u32 Piix3Ide::Channel::read_data(u32 size) {
  AtaDevice* device = selected();
  return device != nullptr ? device->read_data(size) : 0;
}

void Piix3Ide::Channel::write_data(u32 size, u32 value) {
  if (AtaDevice* device = selected()) device->write_data(size, value);
}

u8 Piix3Ide::Channel::alternate_status() {
  AtaDevice* device = selected();
  return device != nullptr ? device->alternate_status() : u8{0};
}

void Piix3Ide::Channel::write_control(u8 value) {
  for (AtaDevice* device : devices)
    if (device != nullptr) device->write_control(value);
}

u64 Piix3Ide::Channel::CommandPorts::io_read(u64 offset, u32 size) {
  if (!channel.decodes()) return ~u64{0};
  if (offset == ata::kData) return channel.read_data(size);
  u64 value = 0;
  for (u32 i = 0; i < size; ++i) value |= u64{channel.read_register(static_cast<u32>(offset) + i)} << (8 * i);
  return value;
}

void Piix3Ide::Channel::CommandPorts::io_write(u64 offset, u32 size, u64 value) {
  if (!channel.decodes()) return;
  if (offset == ata::kData) return channel.write_data(size, static_cast<u32>(value));
  for (u32 i = 0; i < size; ++i)
    channel.write_register(static_cast<u32>(offset) + i, static_cast<u8>(value >> (8 * i)));
}

u64 Piix3Ide::Channel::ControlPort::io_read(u64, u32) {
  return channel.decodes() ? channel.alternate_status() : ~u64{0};
}

void Piix3Ide::Channel::ControlPort::io_write(u64, u32, u64 value) {
  if (channel.decodes()) channel.write_control(static_cast<u8>(value));
}

// --- Interrupts. BMISX keeps that there was one until software clears it.

void Piix3Ide::Channel::on_interrupt_changed() {
  const AtaDevice* device = selected();
  const bool level = device != nullptr && device->interrupt();
  if (level && !state().interrupt) state().status |= kInterrupt;
  state().interrupt = level;
  irq.set(level);
}

// --- The bus master.

u8 Piix3Ide::Channel::read_bus_master(u32 offset) const {
  switch (offset) {
    case 0: return state().command;
    case 2: return state().status;
    case 4:
    case 5:
    case 6:
    case 7: return static_cast<u8>(state().table >> (8 * (offset - 4)));
    default: return 0;
  }
}

void Piix3Ide::Channel::write_bus_master(u32 offset, u8 value) {
  ChannelState& s = state();
  switch (offset) {
    case 0: {
      const bool start = (value & kStart) != 0 && (s.command & kStart) == 0;
      s.command = value & (kStart | kToMemory);
      if ((value & kStart) == 0) s.status = static_cast<u8>(s.status & ~kActive);
      if (!start) break;
      s.status |= kActive;
      s.next_descriptor = s.table;
      s.region_left = 0;
      s.last = false;
      run();
      break;
    }
    case 2:
      s.status = static_cast<u8>((s.status & ~kCapable & ~(value & (kError | kInterrupt))) | (value & kCapable));
      break;
    case 4:
    case 5:
    case 6:
    case 7: {
      const u32 shift = 8 * (offset - 4);
      s.table = (s.table & ~(0xffu << shift)) | (u32{value} << shift);
      s.table &= ~3u;
      break;
    }
    default: break;
  }
}

u64 Piix3Ide::BusMasterPorts::io_read(u64 offset, u32 size) {
  u64 value = 0;
  for (u32 i = 0; i < size; ++i) {
    const u32 at = static_cast<u32>(offset) + i;
    value |= u64{ide.channels_[at / 8].read_bus_master(at % 8)} << (8 * i);
  }
  return value;
}

void Piix3Ide::BusMasterPorts::io_write(u64 offset, u32 size, u64 value) {
  for (u32 i = 0; i < size; ++i) {
    const u32 at = static_cast<u32>(offset) + i;
    ide.channels_[at / 8].write_bus_master(at % 8, static_cast<u8>(value >> (8 * i)));
  }
}

// A descriptor: the region's address, its size in bytes (16 bits, 0 stands for 64 KiB) and in bit 31 of the second
// dword whether it is the last. The table does not cross a 64 KiB boundary: its address wraps there.
bool Piix3Ide::Channel::next_region() {
  ChannelState& s = state();
  u8 raw[8];
  if (!ide_.memory_.read(GuestPhys{s.next_descriptor}, raw)) return false;
  const auto dword = [&raw](u32 at) {
    return raw[at] | u32{raw[at + 1]} << 8 | u32{raw[at + 2]} << 16 | u32{raw[at + 3]} << 24;
  };
  const u32 size = dword(4);
  s.region = dword(0) & ~1u;
  s.region_left = (size & 0xfffe) != 0 ? size & 0xfffe : 0x10000;
  s.last = (size & kLastRegion) != 0;
  s.next_descriptor = (s.next_descriptor & ~0xffffu) | ((s.next_descriptor + 8) & 0xffff);
  return true;
}

// Page by page: what is no RAM takes nothing and gives all ones.
bool Piix3Ide::Channel::move(std::span<u8> bytes, bool to_memory) {
  bool good = true;
  u32 address = state().region;
  while (!bytes.empty()) {
    const usize size = std::min<usize>(bytes.size(), kPageSize - (address & kPageMask));
    const std::span<u8> piece = bytes.first(size);
    if (to_memory) {
      good &= ide_.memory_.write(GuestPhys{address}, piece);
    } else if (!ide_.memory_.read(GuestPhys{address}, piece)) {
      std::fill(piece.begin(), piece.end(), u8{0xff});
      good = false;
    }
    address += static_cast<u32>(size);
    bytes = bytes.subspan(size);
  }
  return good;
}

// Moves data while the bus master is active, regions are left, and the device has or takes some. Each turn moves two
// bytes or more of at most 64 KiB, so this ends.
void Piix3Ide::Channel::run() {
  ChannelState& s = state();
  AtaDevice* device = selected();
  const bool to_memory = (s.command & kToMemory) != 0;
  std::vector<u8> bytes;
  while (device != nullptr && (s.status & kActive) != 0 && (ide_.command() & pci::kBusMaster) != 0) {
    const usize ready = to_memory ? device->dma_in().size() : device->dma_out().size();
    if (ready == 0) return;
    if (s.region_left == 0 && (s.last || !next_region())) {
      s.status = static_cast<u8>((s.status & ~kActive) | (s.last ? 0 : kError));
      return;
    }
    const usize count = std::min<usize>(ready, s.region_left);
    bytes.resize(count);
    if (to_memory) std::copy_n(device->dma_in().begin(), count, bytes.begin());
    if (!move(bytes, to_memory)) s.status |= kError;
    if (!to_memory) std::copy_n(bytes.begin(), count, device->dma_out().begin());
    s.region += static_cast<u32>(count);
    s.region_left -= static_cast<u32>(count);
    // The last region done: the bus master goes off by itself.
    if (s.region_left == 0 && s.last) s.status = static_cast<u8>(s.status & ~kActive);
    device->dma_done(count);
  }
}

}  // namespace paemu
