// The PCI transport of a virtio device (Virtual I/O Device 1.1, chapter 4.1): a transitional function that legacy
// drivers find by its I/O ports (4.1.4.8) and modern ones by its capabilities.
//
//   BAR 0  I/O ports: the legacy registers, then the device's configuration
//   BAR 1  memory: MSI-X table and pending bits
//   BAR 4  memory, 4 KiB each: common configuration, ISR, device configuration, notifications
#pragma once

#include "bus/line.hpp"
#include "bus/pci.hpp"
#include "dev/msix.hpp"
#include "dev/virtio_device.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

// Which drivers the function is for: QEMU's disable-legacy and disable-modern.
enum class VirtioDrivers : u8 { kAll, kModernOnly, kLegacyOnly, kLast = kLegacyOnly };

// The configuration registers, made before the function that reads them.
struct VirtioPciRegisters {
  VirtioPciRegisters(const VirtioTraits& traits, VirtioDrivers drivers, u32 vectors);
  std::vector<PciRegister> rows;
};

class VirtioPci final : private VirtioPciRegisters, public PciFunction, public VirtioQueues, public EventSink {
 public:
  struct State {
    u8 status = 0;          // device status (2.1)
    u8 isr = 0;             // 4.1.4.5: bit 0 a queue, bit 1 the configuration
    u8 generation = 0;      // of the configuration
    u32 device_select = 0;  // which 32 of the offered features are read
    u32 driver_select = 0;  // which 32 of the driver's are written
    u64 features = 0;       // the driver's
    u16 queue_select = 0;
    u16 config_vector = VirtioQueueState::kNoVector;
    u32 pending = 0;  // bit n: work(n) is due at the event
    VirtioQueueState queues[VirtioDevice::kMostQueues];
    FIELDS(status, isr, generation, device_select, driver_select, features, queue_select, config_vector, pending,
           queues)
  };

  // name: for events, as "virtio-rng0". device: outlives the function.
  VirtioPci(const std::string& name, VirtioDevice& device, VirtioDrivers drivers, PhysicalMemory& memory,
            EventQueue& events, const VirtualClock& clock, ApicMessageSink& messages);

  Line irq;  // INTA

  void reset();
  State& state() { return state_; }
  Msix::State& msix() { return msix_.state(); }

  // VirtioQueues: for the device.
  bool take(u32 queue, VirtioChain& chain) override;
  void give_back(u32 queue, const VirtioChain& chain, u32 written) override;
  bool read(const VirtioChain& chain, u64 offset, std::span<u8> out) override;
  bool write(const VirtioChain& chain, u64 offset, std::span<const u8> data) override;
  void fail() override;
  bool negotiated(u64 feature) const override { return (state_.features & feature) != 0; }
  void schedule(u32 queue) override;
  void config_changed() override;

  void on_event(u32 event, Ticks now) override;

 private:
  struct LegacyPorts final : IoDevice {
    explicit LegacyPorts(VirtioPci& f) : function(f) {}
    u64 io_read(u64 offset, u32 size) override { return function.legacy_read(static_cast<u32>(offset), size); }
    void io_write(u64 offset, u32 size, u64 value) override {
      function.legacy_write(static_cast<u32>(offset), size, static_cast<u32>(value));
    }
    VirtioPci& function;
  };
  struct ModernWindow final : IoDevice {
    explicit ModernWindow(VirtioPci& f) : function(f) {}
    u64 io_read(u64 offset, u32 size) override { return function.modern_read(static_cast<u32>(offset), size); }
    void io_write(u64 offset, u32 size, u64 value) override {
      function.modern_write(static_cast<u32>(offset), size, value);
    }
    VirtioPci& function;
  };

  // Legacy (virtio_pci_legacy.cpp) and modern (virtio_pci_modern.cpp) registers.
  u32 legacy_read(u32 offset, u32 size);
  void legacy_write(u32 offset, u32 size, u32 value);
  u64 modern_read(u32 offset, u32 size);
  void modern_write(u32 offset, u32 size, u64 value);
  u32 common_read(u32 offset, u32 size);
  void common_write(u32 offset, u32 size, u32 value);
  u64 device_config_read(u32 offset, u32 size) const;
  void device_config_write(u32 offset, u32 size, u64 value);

  // What both do.
  u64 offered() const;
  void set_status(u8 status);
  void reset_device();
  void set_vector(u16& vector, u32 value);
  VirtioQueueState* selected();  // nullptr: the driver selected one that is not there
  u8 read_isr();
  void notify(u32 queue);
  bool runs() const;
  VirtioRing ring(u32 queue);

  void interrupt(u8 isr, u16 vector);
  void update_pin();
  void apply_command();
  void on_config_written(u32 offset, u32 size) override;
  void before_config_read(u32 offset, u32 size) override;
  bool through_window(u32& offset, u32& size) const;

  VirtioDevice& device_;
  VirtioDrivers drivers_;
  PhysicalMemory& memory_;
  EventQueue& events_;
  const VirtualClock& clock_;
  Msix msix_;
  LegacyPorts legacy_{*this};
  ModernWindow modern_{*this};
  EventQueue::Handle work_;
  State state_;
};

}  // namespace paemu
