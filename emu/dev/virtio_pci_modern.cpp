// BAR 4: the modern registers (4.1.4.3 to 4.1.4.6). The common configuration:
//
//    0 u32 device feature select   4 u32 device feature          8 u32 driver feature select  12 u32 driver feature
//   16 u16 configuration vector   18 u16 number of queues       20 u8 device status           21 u8 generation
//   22 u16 queue select           24 u16 queue size             26 u16 queue vector           28 u16 queue enable
//   30 u16 queue notify offset    32 u64 descriptors            40 u64 available ring         48 u64 used ring
//
// A field is accessed with its own width, those of 64 bits also by halves; other accesses read as zero and do nothing.
#include "dev/virtio_pci.hpp"
#include "dev/virtio_pci_layout.hpp"
#include "dev/virtio_status.hpp"

namespace paemu {

namespace {

using namespace virtio_layout;

// An access by its place and width.
constexpr u32 field(u32 offset, u32 size) { return offset << 4 | size; }

u32 half_of(u64 value, u32 which) { return static_cast<u32>(value >> (32 * which)); }
void set_half(u64& value, u32 which, u32 half) {
  value = (value & (u64{0xffffffff} << (32 * (1 - which)))) | u64{half} << (32 * which);
}

}  // namespace

u64 VirtioPci::modern_read(u32 offset, u32 size) {
  if (offset >= kNotifyOffset) return 0;
  if (offset >= kDeviceOffset) return device_config_read(offset - kDeviceOffset, size);
  if (offset >= kIsrOffset) return offset == kIsrOffset ? read_isr() : 0;
  if (size == 8) return common_read(offset, 4) | u64{common_read(offset + 4, 4)} << 32;
  return common_read(offset, size);
}

void VirtioPci::modern_write(u32 offset, u32 size, u64 value) {
  // The address tells the queue: a driver may write its number with any width.
  if (offset >= kNotifyOffset) return notify((offset - kNotifyOffset) / kNotifyMultiplier);
  if (offset >= kDeviceOffset) return device_config_write(offset - kDeviceOffset, size, value);
  if (offset >= kIsrOffset) return;
  if (size != 8) return common_write(offset, size, static_cast<u32>(value));
  common_write(offset, 4, static_cast<u32>(value));
  common_write(offset + 4, 4, static_cast<u32>(value >> 32));
}

u32 VirtioPci::common_read(u32 offset, u32 size) {
  const VirtioQueueState none;
  const VirtioQueueState* found = selected();
  const VirtioQueueState& queue = found != nullptr ? *found : none;
  switch (field(offset, size)) {
    case field(0, 4): return state_.device_select;
    case field(4, 4): return state_.device_select < 2 ? half_of(offered(), state_.device_select) : 0;
    case field(8, 4): return state_.driver_select;
    case field(12, 4): return state_.driver_select < 2 ? half_of(state_.features, state_.driver_select) : 0;
    case field(16, 2): return state_.config_vector;
    case field(18, 2): return static_cast<u32>(device_.traits().queue_sizes.size());
    case field(20, 1): return state_.status;
    case field(21, 1): return state_.generation;
    case field(22, 2): return state_.queue_select;
    case field(24, 2): return queue.size;
    case field(26, 2): return queue.vector;
    case field(28, 2): return queue.enabled;
    case field(30, 2): return state_.queue_select;
    case field(32, 4): return half_of(queue.descriptors, 0);
    case field(36, 4): return half_of(queue.descriptors, 1);
    case field(40, 4): return half_of(queue.available, 0);
    case field(44, 4): return half_of(queue.available, 1);
    case field(48, 4): return half_of(queue.used, 0);
    case field(52, 4): return half_of(queue.used, 1);
    default: return 0;
  }
}

void VirtioPci::common_write(u32 offset, u32 size, u32 value) {
  switch (field(offset, size)) {
    case field(0, 4): state_.device_select = value; return;
    case field(8, 4): state_.driver_select = value; return;
    case field(12, 4):
      // 2.2: the choice is final once both have agreed. What was not offered makes set_status() refuse it.
      if (state_.driver_select < 2 && (state_.status & virtio_status::kFeaturesOk) == 0)
        set_half(state_.features, state_.driver_select, value);
      return;
    case field(16, 2): return set_vector(state_.config_vector, value);
    case field(20, 1): return set_status(static_cast<u8>(value));
    case field(22, 2): state_.queue_select = static_cast<u16>(value); return;
    default: break;
  }
  VirtioQueueState* queue = selected();
  if (queue == nullptr) return;
  if (field(offset, size) == field(26, 2)) return set_vector(queue->vector, value);
  // 4.1.4.3.2: the rest is set up before the queue is enabled, and only a reset disables it.
  if (queue->enabled) return;
  switch (field(offset, size)) {
    case field(24, 2): {
      const u16 most = device_.traits().queue_sizes[state_.queue_select];
      if (value != 0 && value <= most && (value & (value - 1)) == 0) queue->size = static_cast<u16>(value);
      return;
    }
    case field(28, 2): queue->enabled = value == 1 && queue->size != 0; return;
    case field(32, 4): return set_half(queue->descriptors, 0, value);
    case field(36, 4): return set_half(queue->descriptors, 1, value);
    case field(40, 4): return set_half(queue->available, 0, value);
    case field(44, 4): return set_half(queue->available, 1, value);
    case field(48, 4): return set_half(queue->used, 0, value);
    case field(52, 4): return set_half(queue->used, 1, value);
    default: return;
  }
}

}  // namespace paemu
