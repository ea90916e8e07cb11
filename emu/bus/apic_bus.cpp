#include "bus/apic_bus.hpp"

namespace paemu {

void ApicBus::deliver(const ApicMessage& message) {
  if (message.delivery == DeliveryMode::LowestPriority) return arbitrate(message);
  for (ApicReceiver* receiver : receivers_) {
    if (receiver != message.except && receiver->addressed(message)) receiver->accept(message);
  }
}

void ApicBus::arbitrate(const ApicMessage& message) {
  const u32 count = static_cast<u32>(receivers_.size());
  ApicReceiver* chosen = nullptr;
  u32 place = 0;
  for (u32 n = 1; n <= count; ++n) {
    const u32 candidate = (state_.last_chosen + n) % count;
    ApicReceiver* receiver = receivers_[candidate];
    if (receiver == message.except || !receiver->arbitrates() || !receiver->addressed(message)) continue;
    if (receiver->is_focus(message.vector)) return receiver->accept(message);
    if (chosen != nullptr && receiver->arbitration_priority() >= chosen->arbitration_priority()) continue;
    chosen = receiver;
    place = candidate;
  }
  if (chosen == nullptr) return;
  state_.last_chosen = place;
  chosen->accept(message);
}

}  // namespace paemu
