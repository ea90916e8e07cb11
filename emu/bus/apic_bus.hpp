// The messages between local APIC and I/O APICs (SDM 3A, 11.1 "Local and I/O APIC overview").
#pragma once

#include "base/types.hpp"

namespace paemu {
using namespace base;

// Values of the delivery mode field (SDM 3A, 11.5.1 and 82093AA, 3.2.4).
enum class DeliveryMode : u8 { Fixed = 0, LowestPriority = 1, Smi = 2, Nmi = 4, Init = 5, StartUp = 6, ExtInt = 7 };
enum class DestinationMode : u8 { Physical = 0, Logical = 1 };
enum class TriggerMode : u8 { Edge = 0, Level = 1 };

struct ApicMessage {
  u8 vector = 0;
  DeliveryMode delivery = DeliveryMode::Fixed;
  DestinationMode destination_mode = DestinationMode::Physical;
  u8 destination = 0;
  TriggerMode trigger = TriggerMode::Edge;
};

// What a write of `data` to `address` means when a PCI function sends it as a message-signalled interrupt (SDM 3A,
// 11.11): only addresses 0xfeexxxxx are the APICs', and there 32 bits.
constexpr bool is_msi_address(u64 address) { return (address & ~u64{0xfffff}) == 0xfee00000; }
constexpr ApicMessage msi_message(u64 address, u32 data) {
  return ApicMessage{
      .vector = static_cast<u8>(data),
      .delivery = static_cast<DeliveryMode>((data >> 8) & 7),
      .destination_mode = static_cast<DestinationMode>((address >> 2) & 1),
      .destination = static_cast<u8>(address >> 12),
      .trigger = static_cast<TriggerMode>((data >> 15) & 1),
  };
}

// The local APICs' side: takes what is addressed to it.
class ApicMessageSink {
 public:
  virtual void deliver(const ApicMessage& message) = 0;

 protected:
  ~ApicMessageSink() = default;
};

// The I/O APICs' side: a level-triggered interrupt of this vector has been served.
class ApicEoiSink {
 public:
  virtual void end_of_interrupt(u8 vector) = 0;

 protected:
  ~ApicEoiSink() = default;
};

}  // namespace paemu
