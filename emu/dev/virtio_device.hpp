// What a kind of virtio device (entropy, console, block) is, apart from the transport that connects it to the guest.
//
// The transport owns queues, features and interrupts; the device takes requests from its queues and answers them. A
// driver's notification becomes a call of work() a moment of virtual time later, so that no single access of the guest
// takes long, and a device that has much to do does it in several.
#pragma once

#include <span>
#include <vector>

#include "dev/virtio_ring.hpp"

namespace paemu {

// Of the specification (Virtual I/O Device 1.1) and its PCI transport (4.1.2).
struct VirtioTraits {
  u16 type;                      // 5 "Device types"
  u16 transitional_id;           // PCI device ID of a device that legacy drivers know, too
  u32 class_code;                // PCI, 24 bits
  u64 features;                  // the device's own; the transport adds those of rings
  std::vector<u16> queue_sizes;  // entries of each queue
  u32 config_size;               // bytes of the device's configuration
};

// What a device asks of its transport.
class VirtioQueues {
 public:
  // The next request; false: none, or the driver broke the queue, which is reported to it.
  virtual bool take(u32 queue, VirtioChain& chain) = 0;
  // Answers a request; the driver learns of it when work() returns. written: bytes of the writable part.
  virtual void give_back(u32 queue, const VirtioChain& chain, u32 written) = 0;
  // Copies; false: not RAM or too short, and the device needs a reset.
  virtual bool read(const VirtioChain& chain, u64 offset, std::span<u8> out) = 0;
  virtual bool write(const VirtioChain& chain, u64 offset, std::span<const u8> data) = 0;
  // The driver broke a rule: nothing more happens until it resets the device.
  virtual void fail() = 0;
  virtual bool negotiated(u64 feature) const = 0;
  // Has work(queue) called in a moment.
  virtual void schedule(u32 queue) = 0;
  virtual void config_changed() = 0;

 protected:
  ~VirtioQueues() = default;
};

// Feature bits of rings and transport (6).
namespace virtio_feature {
inline constexpr u64 kAnyLayout = u64{1} << 27, kIndirect = u64{1} << 28, kEventIndex = u64{1} << 29,
                     kVersion1 = u64{1} << 32;
}

class VirtioDevice {
 public:
  static constexpr u32 kMostQueues = 16;
  static constexpr u64 kDone = 0;

  virtual ~VirtioDevice() = default;
  virtual const VirtioTraits& traits() const = 0;
  void connect(VirtioQueues& queues) { queues_ = &queues; }

  // Requests may wait in `queue`. Does some of them, for at most about a millisecond of the host's time -> ticks after
  // which it goes on by itself, or kDone: not before the driver's next notification.
  virtual u64 work(u32 queue) = 0;

  // The device's configuration (4.1.4.6): offset is below traits().config_size.
  virtual u8 config_read(u32 offset) const {
    (void)offset;
    return 0;
  }
  virtual void config_write(u32 offset, u8 value) {
    (void)offset;
    (void)value;
  }

  // By the driver or by the machine.
  virtual void reset() = 0;

 protected:
  VirtioQueues& queues() { return *queues_; }
  const VirtioQueues& queues() const { return *queues_; }

 private:
  VirtioQueues* queues_ = nullptr;
};

}  // namespace paemu
