// What I/O APICs and local APICs say to one another: the APIC bus, as messages, and who takes which.
#pragma once

#include <vector>

#include "base/fields.hpp"
#include "base/types.hpp"

namespace paemu {
using namespace base;

// Values of the delivery mode field (SDM 3A, 11.5.1 and 82093AA, 3.2.4).
enum class DeliveryMode : u8 { Fixed = 0, LowestPriority = 1, Smi = 2, Nmi = 4, Init = 5, StartUp = 6, ExtInt = 7 };
enum class DestinationMode : u8 { Physical = 0, Logical = 1 };
enum class TriggerMode : u8 { Edge = 0, Level = 1 };

class ApicReceiver;

struct ApicMessage {
  u8 vector = 0;
  DeliveryMode delivery = DeliveryMode::Fixed;
  DestinationMode destination_mode = DestinationMode::Physical;
  u8 destination = 0;
  TriggerMode trigger = TriggerMode::Edge;
  const ApicReceiver* except = nullptr;  // the sender of a message to all but itself
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

// Where messages are sent.
class ApicMessageSink {
 public:
  virtual void deliver(const ApicMessage& message) = 0;

 protected:
  ~ApicMessageSink() = default;
};

// A local APIC, as the bus sees it.
class ApicReceiver {
 public:
  virtual bool addressed(const ApicMessage& message) const = 0;
  // Of those addressed by a lowest-priority message: does this one take part, has it the vector already (the focus
  // processor), and what is its priority (SDM 3A, 11.6.2.4)?
  virtual bool arbitrates() const = 0;
  virtual bool is_focus(u8 vector) const = 0;
  virtual u32 arbitration_priority() const = 0;
  // Takes the message: it is for this one.
  virtual void accept(const ApicMessage& message) = 0;

 protected:
  ~ApicReceiver() = default;
};

// The I/O APICs' side: a level-triggered interrupt of this vector has been served.
class ApicEoiSink {
 public:
  virtual void end_of_interrupt(u8 vector) = 0;

 protected:
  ~ApicEoiSink() = default;
};

// The bus itself. A message of lowest priority goes to one of the processors that it names: the focus processor, else
// the one of the lowest priority; among equals their arbitration IDs decide, which take turns, so the next after the
// one that was chosen last (SDM 3A, 11.7).
class ApicBus final : public ApicMessageSink {
 public:
  struct State {
    u32 last_chosen = 0;  // by its place among the receivers
    FIELDS(last_chosen)
    bool valid() const { return last_chosen < 256; }
  };

  void connect(ApicReceiver& receiver) { receivers_.push_back(&receiver); }
  void deliver(const ApicMessage& message) override;

  void reset() { state_ = State{}; }
  State& state() { return state_; }

 private:
  void arbitrate(const ApicMessage& message);

  State state_;
  std::vector<ApicReceiver*> receivers_;
};

}  // namespace paemu
