// The legacy registers (4.1.4.8), in ports:
//
//   0 u32 offered features    4 u32 driver's features    8 u32 queue address / 4096   12 u16 queue size
//   14 u16 queue select       16 u16 queue notify        18 u8 device status          19 u8 ISR
//   with MSI-X enabled: 20 u16 configuration vector, 22 u16 queue vector
//   then the device's configuration
//
// The rings lie behind one another (2.6.2), the used ring at the next multiple of 4096.
#include "base/bits.hpp"
#include "dev/virtio_pci.hpp"
#include "dev/virtio_status.hpp"

namespace paemu {

namespace {

constexpr u32 kOffered = 0, kFeatures = 4, kQueueAddress = 8, kQueueSize = 12, kQueueSelect = 14, kQueueNotify = 16,
              kStatus = 18, kIsr = 19, kConfigVector = 20, kQueueVector = 22;
constexpr u64 kAlignment = 4096;

}  // namespace

u32 VirtioPci::legacy_read(u32 offset, u32 size) {
  const u32 config = msix_.enabled() ? 24 : 20;
  if (offset >= config) return static_cast<u32>(device_config_read(offset - config, size));
  const VirtioQueueState* queue = selected();
  switch (offset) {
    case kOffered: return static_cast<u32>(offered());
    case kFeatures: return static_cast<u32>(state_.features);
    case kQueueAddress: return queue != nullptr ? static_cast<u32>(queue->descriptors / kAlignment) : 0;
    case kQueueSize: return queue != nullptr ? queue->size : 0;
    case kQueueSelect: return state_.queue_select;
    case kStatus: return state_.status;
    case kIsr: return read_isr();
    case kConfigVector: return state_.config_vector;
    case kQueueVector: return queue != nullptr ? queue->vector : VirtioQueueState::kNoVector;
    default: return 0;
  }
}

void VirtioPci::legacy_write(u32 offset, u32 size, u32 value) {
  const u32 config = msix_.enabled() ? 24 : 20;
  if (offset >= config) return device_config_write(offset - config, size, value);
  VirtioQueueState* queue = selected();
  switch (offset) {
    case kFeatures: state_.features = value & offered(); break;
    case kQueueAddress:
      if (queue == nullptr) break;
      queue->descriptors = value * kAlignment;
      queue->available = queue->descriptors + 16 * u64{queue->size};
      queue->used = align_up<u64>(queue->available + 6 + 2 * u64{queue->size}, kAlignment);
      queue->enabled = value != 0;
      queue->next_available = queue->next_used = 0;
      queue->has_signalled = false;
      break;
    case kQueueSelect: state_.queue_select = static_cast<u16>(value); break;
    case kQueueNotify: notify(value & 0xffff); break;
    case kStatus:
      // Drivers of Linux before 2.6.34, and many small systems, never enable bus mastering.
      if ((value & virtio_status::kDriverOk) != 0) set_config_value(pci::kCommand, 2, command() | pci::kBusMaster);
      set_status(static_cast<u8>(value));
      apply_command();
      break;
    case kConfigVector: set_vector(state_.config_vector, value); break;
    case kQueueVector:
      if (queue != nullptr) set_vector(queue->vector, value);
      break;
    default: break;
  }
}

}  // namespace paemu
