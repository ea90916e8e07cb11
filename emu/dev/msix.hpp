// MSI-X: a table of messages that a PCI function sends instead of raising its interrupt pin (PCI Local Bus
// Specification 3.0, 6.8.2). The window that a base address places, and the table behind it; the capability in
// configuration space is the function's.
#pragma once

#include "base/fields.hpp"
#include "bus/apic_bus.hpp"
#include "bus/io.hpp"

namespace paemu {

class Msix final : public IoDevice {
 public:
  static constexpr u32 kMostVectors = 32;
  static constexpr u32 kWindowSize = 0x1000, kTableOffset = 0, kPendingOffset = 0x800;
  static constexpr u32 kEntryMask = 1;  // vector control, bit 0

  struct Entry {
    u64 address = 0;
    u32 data = 0;
    u32 control = kEntryMask;
    FIELDS(address, data, control)
  };
  struct State {
    Entry table[kMostVectors];
    u32 pending = 0;       // bit n: vector n was raised while it was masked
    bool enabled = false;  // the function's message control, bit 15
    bool masked = false;   // bit 14, or the function may not write to memory
    FIELDS(table, pending, enabled, masked)
  };

  // vectors: at most kMostVectors. bus: where messages go.
  Msix(u32 vectors, ApicMessageSink& bus) : vectors_(vectors), bus_(bus) {}

  u32 vectors() const { return vectors_; }

  void set_control(bool enabled, bool masked);
  bool enabled() const { return state_.enabled; }

  // Sends the message, or keeps it pending. Only while enabled(); a vector that is not there is ignored.
  void raise(u32 vector);

  // Registers are dwords; those of 8 bytes may be accessed as such.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;

  void reset() { state_ = State{}; }
  State& state() { return state_; }

 private:
  u32 read(u32 offset) const;
  void write(u32 offset, u32 value);
  void send_pending();

  State state_;
  u32 vectors_;
  ApicMessageSink& bus_;
};

}  // namespace paemu
