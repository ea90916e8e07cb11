// The memory hotplug controller: what the ACPI tables' memory devices read and write. Registers:
// abi/memory_hotplug.hpp.
//
// It knows slots, not DIMMs: the board tells it what a slot holds, and learns from it that the guest ejects a slot.
#pragma once

#include <functional>

#include "abi/memory_hotplug.hpp"
#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"

namespace paemu {

class MemoryHotplug final : public IoDevice {
 public:
  struct Slot {
    u64 base = 0;       // bytes
    u64 size = 0;       // bytes; 0: empty
    u32 proximity = 0;  // domain of SRAT
    bool enabled = false;
    bool inserting = false;  // the guest has not yet acknowledged the insertion
    bool removing = false;   // the guest is asked to eject
    u32 ost_event = 0;       // the last source event and status that _OST reported
    u32 ost_status = 0;
    FIELDS(base, size, proximity, enabled, inserting, removing, ost_event, ost_status)
  };
  struct State {
    u32 selector = 0;
    Slot slot[abi::memory_hotplug::kMaxSlots];
    FIELDS(selector, slot)
  };

  struct Callbacks {
    std::function<void(u32 slot)> eject;                        // the guest lets the slot go
    std::function<void(u32 slot, u32 source, u32 status)> ost;  // _OST was evaluated
  };

  // slots: how many the board has, up to kMaxSlots. A selector beyond reads as an empty slot.
  MemoryHotplug(u32 slots, Callbacks callbacks);

  Line gpe;  // to the general-purpose event: pulses at an insertion and at a request to remove

  // Fills a slot. With Event::Silent the guest finds it at boot; else it is told.
  enum class Event : u8 { Silent, Notify };
  void insert(u32 slot, u64 base, u64 size, u32 proximity, Event event);
  // Asks the guest to let the slot go. Asking again asks again.
  void request_eject(u32 slot);
  // The slot is empty now: after an eject, or when the DIMM was pulled.
  void remove(u32 slot);

  // abi::memory_hotplug::kLength ports, 32 bits wide.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;

  // A system reset: what is plugged in stays, nothing is pending.
  void reset();
  State& state() { return state_; }
  const State& state() const { return state_; }

 private:
  Slot* selected();
  u32 read_dword(u32 offset);
  void control(u8 value);

  State state_;
  u32 slots_;
  Callbacks callbacks_;
};

}  // namespace paemu
