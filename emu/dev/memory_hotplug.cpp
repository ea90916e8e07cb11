#include "dev/memory_hotplug.hpp"

#include <cassert>

#include "base/bits.hpp"

namespace paemu {

namespace {
namespace reg = abi::memory_hotplug;
}

MemoryHotplug::MemoryHotplug(u32 slots, Callbacks callbacks) : slots_(slots), callbacks_(std::move(callbacks)) {
  assert(slots <= reg::kMaxSlots);
}

void MemoryHotplug::reset() {
  state_.selector = 0;
  for (Slot& slot : state_.slot) slot.inserting = slot.removing = false;
}

void MemoryHotplug::insert(u32 slot, u64 base, u64 size, u32 proximity, Event event) {
  assert(slot < slots_);
  state_.slot[slot] =
      Slot{.base = base, .size = size, .proximity = proximity, .enabled = true, .inserting = event == Event::Notify};
  if (event == Event::Silent) return;
  gpe.set(true);
  gpe.set(false);
}

void MemoryHotplug::request_eject(u32 slot) {
  assert(slot < slots_);
  state_.slot[slot].removing = true;
  gpe.set(true);
  gpe.set(false);
}

void MemoryHotplug::remove(u32 slot) {
  assert(slot < slots_);
  state_.slot[slot] = Slot{};
}

MemoryHotplug::Slot* MemoryHotplug::selected() {
  return state_.selector < slots_ ? &state_.slot[state_.selector] : nullptr;
}

// What the read side has at a multiple of four.
u32 MemoryHotplug::read_dword(u32 offset) {
  const Slot* slot = selected();
  // No such slot: nothing is there, as the specification's "selector beyond the last slot" reads.
  if (slot == nullptr) return offset == reg::kStatus ? 0 : ~0u;
  switch (offset) {
    case reg::kBaseLow: return static_cast<u32>(slot->base);
    case reg::kBaseHigh: return static_cast<u32>(slot->base >> 32);
    case reg::kSizeLow: return static_cast<u32>(slot->size);
    case reg::kSizeHigh: return static_cast<u32>(slot->size >> 32);
    case reg::kProximity: return slot->proximity;
    default:
      return (slot->enabled ? reg::kStatusEnabled : 0) | (slot->inserting ? reg::kStatusInserting : 0) |
             (slot->removing ? reg::kStatusRemoving : 0);
  }
}

u64 MemoryHotplug::io_read(u64 offset, u32 size) {
  // Parts of a register: an access across two is put together byte by byte.
  u64 value = 0;
  for (u32 i = 0; i < size; ++i) {
    const u32 at = static_cast<u32>(offset) + i;
    const u64 byte = (read_dword(at & ~3u) >> (8 * (at & 3))) & 0xff;
    value |= byte << (8 * i);
  }
  return value;
}

// The 32-bit registers are written whole; the control register is a byte, wherever the access reaches it.
void MemoryHotplug::io_write(u64 offset, u32 size, u64 value) {
  const u32 v = static_cast<u32>(value);
  if (offset <= reg::kControl && offset + size > reg::kControl) {
    control(static_cast<u8>(value >> (8 * (reg::kControl - offset))));
    return;
  }
  if (size != 4) return;
  Slot* slot = selected();
  if (offset == reg::kSelector) {
    state_.selector = v;
  } else if (offset == reg::kOstEvent && slot != nullptr) {
    slot->ost_event = v;
  } else if (offset == reg::kOstStatus && slot != nullptr) {
    slot->ost_status = v;
    callbacks_.ost(state_.selector, slot->ost_event, v);
  }
}

void MemoryHotplug::control(u8 value) {
  Slot* slot = selected();
  if (slot == nullptr) return;
  if ((value & reg::kControlClearInserting) != 0) slot->inserting = false;
  if ((value & reg::kControlClearRemoving) != 0) slot->removing = false;
  if ((value & reg::kControlEject) != 0 && slot->enabled) callbacks_.eject(state_.selector);
}

}  // namespace paemu
