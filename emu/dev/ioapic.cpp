// Registers behind IOREGSEL (82093AA, 3.2):
//
//   0x00  IOAPICID    bits 24-27 the ID
//   0x01  IOAPICVER   bits 0-7 version, 16-23 the highest entry
//   0x02  IOAPICARB   bits 24-27 arbitration ID, here the ID
//   0x10 + 2n, 0x11 + 2n   IOREDTBL n, low and high half:
//         0-7 vector, 8-10 delivery mode, 11 destination mode, 12 delivery status, 13 polarity, 14 remote IRR,
//         15 trigger mode, 16 mask, 56-63 destination
#include "dev/ioapic.hpp"

#include "base/bits.hpp"

namespace paemu {

namespace {

constexpr u64 kSelect = 0x00, kWindow = 0x10, kEoi = 0x40;
constexpr u8 kIdRegister = 0x00, kVersionRegister = 0x01, kArbitrationRegister = 0x02, kFirstEntry = 0x10;
constexpr u32 kVersion = 0x20;  // with the EOI register

constexpr u64 kDeliveryStatus = u64{1} << 12;
constexpr u64 kActiveLow = u64{1} << 13;
constexpr u64 kRemoteIrr = u64{1} << 14;
constexpr u64 kLevel = u64{1} << 15;
constexpr u64 kMask = u64{1} << 16;
constexpr u64 kReadOnly = kDeliveryStatus | kRemoteIrr;
constexpr u64 kWritable = 0xff00'0000'0001'ffff & ~kReadOnly;

}  // namespace

IoApic::IoApic(ApicMessageSink& bus) : bus_(bus) { reset(); }

void IoApic::reset() {
  const u32 lines = state_.lines;
  state_ = State{};
  state_.lines = lines;
  for (u64& entry : state_.redirection) entry = kMask;
}

u64 IoApic::io_read(u64 offset, u32 size) {
  if (size != 4) return 0;  // 3.1: only 32-bit accesses
  if (offset == kSelect) return state_.index;
  if (offset == kWindow) return read_register(state_.index);
  return 0;
}

void IoApic::io_write(u64 offset, u32 size, u64 value) {
  // IOREGSEL may be written as a byte: only that much of it is there.
  if (offset == kSelect) state_.index = static_cast<u8>(value);
  if (size != 4) return;
  if (offset == kWindow) write_register(state_.index, static_cast<u32>(value));
  if (offset == kEoi) end_of_interrupt(static_cast<u8>(value));
}

u32 IoApic::read_register(u8 index) const {
  if (index == kIdRegister || index == kArbitrationRegister) return u32{state_.id} << 24;
  if (index == kVersionRegister) return kVersion | ((kPins - 1) << 16);
  if (index >= kFirstEntry && index < kFirstEntry + 2 * kPins) {
    const u64 entry = state_.redirection[(index - kFirstEntry) / 2];
    return static_cast<u32>((index & 1) != 0 ? entry >> 32 : entry);
  }
  return 0;
}

void IoApic::write_register(u8 index, u32 value) {
  if (index == kIdRegister) state_.id = (value >> 24) & 0xf;
  if (index < kFirstEntry || index >= kFirstEntry + 2 * kPins) return;
  const u32 pin = (index - kFirstEntry) / 2;
  u64& entry = state_.redirection[pin];
  const u64 half = (index & 1) != 0 ? (entry & 0xffff'ffff) | (u64{value} << 32) : (entry & ~u64{0xffff'ffff}) | value;
  entry = (half & kWritable) | (entry & kReadOnly);
  // Remote IRR has a meaning for level-triggered entries only; switching to edge is how software clears it.
  if ((entry & kLevel) == 0) entry &= ~kRemoteIrr;
  service(pin);
}

void IoApic::set_line(u32 pin, bool level) {
  if (pin >= kPins) return;
  const u32 mask = bit<u32>(pin);
  const bool was = (state_.lines & mask) != 0;
  state_.lines = level ? state_.lines | mask : state_.lines & ~mask;
  const u64 entry = state_.redirection[pin];
  const bool active = level != ((entry & kActiveLow) != 0);
  if ((entry & kLevel) != 0) {
    service(pin);
  } else if (was != level && active && (entry & kMask) == 0) {
    state_.irr |= mask;
    service(pin);
  }
}

// Delivers what waits at the pin. Delivery takes no time, so the delivery status is always idle.
void IoApic::service(u32 pin) {
  u64& entry = state_.redirection[pin];
  const u32 mask = bit<u32>(pin);
  const bool level = (entry & kLevel) != 0;
  if ((entry & kMask) != 0) return;
  if (level) {
    const bool active = ((state_.lines & mask) != 0) != ((entry & kActiveLow) != 0);
    if (!active || (entry & kRemoteIrr) != 0) return;
  } else if ((state_.irr & mask) == 0) {
    return;
  }
  state_.irr &= ~mask;
  const auto delivery = static_cast<DeliveryMode>(bits(entry, 8, 3));
  // Remote IRR stays until the EOI message; only fixed and lowest-priority interrupts get one.
  if (level && (delivery == DeliveryMode::Fixed || delivery == DeliveryMode::LowestPriority)) entry |= kRemoteIrr;
  bus_.deliver(ApicMessage{
      .vector = static_cast<u8>(entry),
      .delivery = delivery,
      .destination_mode = static_cast<DestinationMode>(bits(entry, 11, 1)),
      .destination = static_cast<u8>(entry >> 56),
      .trigger = level ? TriggerMode::Level : TriggerMode::Edge,
  });
}

void IoApic::end_of_interrupt(u8 vector) {
  for (u32 pin = 0; pin < kPins; ++pin) {
    u64& entry = state_.redirection[pin];
    if ((entry & kLevel) == 0 || static_cast<u8>(entry) != vector) continue;
    entry &= ~kRemoteIrr;
    service(pin);  // still active: again
  }
}

}  // namespace paemu
