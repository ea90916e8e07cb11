#include "bus/pci.hpp"

#include <cassert>

#include "base/bits.hpp"

namespace paemu {

namespace {

// CONFIG_ADDRESS (PCI 2.1, figure 3-20).
constexpr u32 kConfigEnable = 1u << 31, kBusBits = 0xff0000, kRegisterBits = 0xfc, kAddressBits = 0x80fffffc;

constexpr u32 all_ones(u32 size) { return size >= 4 ? ~0u : (1u << (size * 8)) - 1; }

}  // namespace

// --- A function's configuration space.

u32 PciFunction::config_value(u32 offset, u32 size) const {
  u32 value = 0;
  for (u32 i = 0; i < size; ++i) value |= u32{config_.bytes[offset + i]} << (8 * i);
  return value;
}

void PciFunction::set_config_value(u32 offset, u32 size, u32 value) {
  for (u32 i = 0; i < size; ++i) config_.bytes[offset + i] = static_cast<u8>(value >> (8 * i));
}

void PciFunction::reset_config() {
  config_ = Config{};
  for (const PciRegister& r : registers_) set_config_value(r.offset, r.size, r.reset);
  for (const Window& w : windows_) {
    set_config_value(w.offset(), 4, w.space == Space::kPorts ? pci::kPortSpace : w.fixed);
  }
}

u32 PciFunction::config_read(u32 offset, u32 size) {
  assert(offset + size <= kConfigSize);
  before_config_read(offset, size);
  return config_value(offset, size);
}

void PciFunction::config_write(u32 offset, u32 size, u32 value) {
  assert(offset + size <= kConfigSize);
  const auto written = [&](u32 at, u32& byte) {
    if (at < offset || at >= offset + size) return false;
    byte = (value >> (8 * (at - offset))) & 0xff;
    return true;
  };
  u32 byte;
  for (const PciRegister& r : registers_) {
    for (u32 i = 0; i < r.size; ++i) {
      if (!written(r.offset + i, byte)) continue;
      const u32 writable = (r.writable >> (8 * i)) & 0xff, clearable = (r.clearable >> (8 * i)) & 0xff;
      u8& stored = config_.bytes[r.offset + i];
      stored = static_cast<u8>((stored & ~writable & ~(byte & clearable)) | (byte & writable));
    }
  }
  // The low bits of a base address are fixed: software sizes a range by writing ones (6.2.5.1).
  for (const Window& w : windows_) {
    const u32 mask = ~(w.size - 1) | (w.index == pci::kRomIndex ? pci::kRomEnable : 0);
    for (u32 i = 0; i < 4; ++i) {
      const u32 writable = (mask >> (8 * i)) & 0xff;
      if (written(w.offset() + i, byte)) {
        u8& stored = config_.bytes[w.offset() + i];
        stored = static_cast<u8>((stored & ~writable) | (byte & writable));
      }
    }
  }
  on_config_written(offset, size);
}

bool PciFunction::placed(const Window& window, u32& base) const {
  const u32 value = config_value(window.offset(), 4);
  base = value & ~(window.size - 1);
  if (window.index == pci::kRomIndex && (value & pci::kRomEnable) == 0) return false;
  const u16 decode = window.space == Space::kPorts ? pci::kDecodePorts : pci::kDecodeMemory;
  return (command() & decode) != 0 && base != 0;
}

// --- The bus.

void PciBus::connect(u32 device, u32 function, PciFunction& f) {
  assert(device < 32 && function < 8 && functions_[device * 8 + function] == nullptr);
  functions_[device * 8 + function] = &f;
  for (const PciFunction::Window& w : f.windows()) {
    assert(is_power_of_two(w.size) && w.index <= pci::kRomIndex);
    if (w.device == nullptr) continue;
    if (w.space == PciFunction::Space::kPorts)
      ports_.map_movable(w.size, *w.device, w.width);
    else
      mmio_.map_movable(w.size, *w.device);
  }
}

bool PciBus::occupied(u32 device) const {
  for (u32 function = 0; function < 8; ++function) {
    if (functions_[device * 8 + function] != nullptr) return true;
  }
  return false;
}

void PciBus::place(PciFunction& f) {
  for (const PciFunction::Window& w : f.windows()) {
    u32 base;
    if (w.device == nullptr) continue;
    const bool placed = f.placed(w, base);
    if (w.space == PciFunction::Space::kPorts)
      ports_.move(*w.device, placed ? std::optional<u32>(base) : std::nullopt);
    else
      mmio_.move(*w.device, placed ? std::optional<GuestPhys>(GuestPhys{base}) : std::nullopt);
  }
  f.on_placed();
}

void PciBus::place_windows() {
  for (PciFunction* f : functions_) {
    if (f != nullptr) place(*f);
  }
}

// Several devices may share a line: it is up while one of them asserts it.
bool PciBus::line_up(u32 line) const {
  for (u32 pin = 0; pin < 4; ++pin) {
    for (u32 device = 0; device < 32; ++device) {
      if ((device + pin + 3) % 4 == line && (state_.interrupts[pin] & bit<u32>(device)) != 0) return true;
    }
  }
  return false;
}

void PciBus::set_line(u32 interrupt_pin, bool level) {
  const u32 device = interrupt_pin / 4, pin = interrupt_pin % 4;
  assert(device < 32);
  const u32 mask = bit<u32>(device), line = (device + pin + 3) % 4;
  u32& asserted = state_.interrupts[pin];
  asserted = level ? asserted | mask : asserted & ~mask;
  if (routes_ != nullptr) routes_->set_line(line, line_up(line));
}

// There is one bus; on the others nobody answers, which reads as all ones (3.7.4.1).
PciFunction* PciBus::selected() const {
  if (!(state_.address & kConfigEnable) || (state_.address & kBusBits) != 0) return nullptr;
  return functions_[(state_.address >> 8) & 0xff];
}

u64 PciBus::AddressPort::io_read(u64 offset, u32 size) {
  return offset == 0 && size == 4 ? bus.state_.address : ~u64{0};
}

void PciBus::AddressPort::io_write(u64 offset, u32 size, u64 value) {
  if (offset == 0 && size == 4) bus.state_.address = static_cast<u32>(value) & kAddressBits;
}

u64 PciBus::DataPort::io_read(u64 offset, u32 size) {
  PciFunction* f = bus.selected();
  if (f == nullptr) return all_ones(size);
  return f->config_read((bus.state_.address & kRegisterBits) + static_cast<u32>(offset), size);
}

void PciBus::DataPort::io_write(u64 offset, u32 size, u64 value) {
  PciFunction* f = bus.selected();
  if (f == nullptr) return;
  f->config_write((bus.state_.address & kRegisterBits) + static_cast<u32>(offset), size, static_cast<u32>(value));
  bus.place(*f);
}

}  // namespace paemu
