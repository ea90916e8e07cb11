// virtio-console (Virtual I/O Device 1.1, 5.3) with one port, which is the console: queue 0 to the driver, queue 1 from
// it. Without VIRTIO_CONSOLE_F_MULTIPORT there is nothing to control.
#pragma once

#include "dev/virtio_device.hpp"
#include "replay/host_interfaces.hpp"

namespace paemu {

class VirtioConsole final : public VirtioDevice {
 public:
  static constexpr u32 kQueueSize = 4096;
  static constexpr u32 kReceive = 0, kTransmit = 1;  // queues

  struct State {
    u8 bytes[kQueueSize] = {};  // ring of what arrived and waits for the driver's buffers
    u32 first = 0, count = 0;
    FIELDS(bytes, first, count)
    bool valid() const { return first < kQueueSize && count <= kQueueSize; }
  };

  // stream: its number among the sink's.
  VirtioConsole(u32 stream, SerialSink& sink) : stream_(stream), sink_(sink) {}

  // Bytes from outside, through the input seam. What does not fit is lost.
  void receive(std::span<const u8> bytes);
  u32 space() const { return kQueueSize - state_.count; }

  const VirtioTraits& traits() const override;
  u64 work(u32 queue) override;
  void config_write(u32 offset, u8 value) override;
  void reset() override {}  // bytes on their way stay the other end's: they arrive after the reset
  State& state() { return state_; }

 private:
  u64 give_received();
  u64 take_transmitted();

  State state_;
  u32 stream_;
  SerialSink& sink_;
};

}  // namespace paemu
