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
