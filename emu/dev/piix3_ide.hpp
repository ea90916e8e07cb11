// PIIX3's IDE interface, function 1 of device 1: two channels of two devices at the legacy ports, and a bus master that
// moves their data. Sources: Intel 82371SB data sheet (290550), chapters 2.3 and 2.8; "Programming Interface for Bus
// Master IDE Controller" 1.0 for physical region descriptors.
//
//   bus master registers, at BMIBA, 8 a channel: +0 BMICX command, +2 BMISX status, +4 BMIDTPX descriptor table
//
// A descriptor that leads to no RAM (ROM, a chip, an ejected DIMM) ends in a master abort: the error bit of BMISX, and
// the rest of its data are lost.
#pragma once

#include <array>

#include "bus/ata.hpp"
#include "bus/line.hpp"
#include "bus/pci.hpp"
#include "memory/physical_memory.hpp"

namespace paemu {

class Piix3Ide final : public PciFunction {
 public:
  static constexpr u32 kChannels = 2, kCommandPorts = 8;

  struct ChannelState {
    u8 command = 0;           // BMICX
    u8 status = 0;            // BMISX
    u32 table = 0;            // BMIDTPX
    u32 next_descriptor = 0;  // while active
    u32 region = 0;           // address of what is left of the present region
    u32 region_left = 0;      // bytes
    bool last = false;        // the present region is the last
    bool interrupt = false;   // INTRQ as last seen
    FIELDS(command, status, table, next_descriptor, region, region_left, last, interrupt)
    bool valid() const { return region_left <= 0x10000; }
  };
  struct State {
    std::array<ChannelState, kChannels> channels;
    FIELDS(channels)
  };

  explicit Piix3Ide(PhysicalMemory& memory);

  // Wiring: channel and unit 0 or 1.
  void attach(u32 channel, u32 unit, AtaDevice& device);
  Line& irq(u32 channel) { return channels_[channel].irq; }

  IoDevice& command_ports(u32 channel) { return channels_[channel].command_ports; }  // 8 ports at 0x1f0, 0x170
  IoDevice& control_port(u32 channel) { return channels_[channel].control_port; }    // 0x3f6, 0x376

  void reset();
  State& state() { return state_; }

 private:
  class Channel final : public AtaCable {
   public:
    Channel(Piix3Ide& ide, u32 number) : command_ports(*this), control_port(*this), ide_(ide), number_(number) {}
    void on_interrupt_changed() override;
    void on_dma_request() override { run(); }

    u8 read_register(u32 reg);
    void write_register(u32 reg, u8 value);
    u32 read_data(u32 size);
    void write_data(u32 size, u32 value);
    u8 alternate_status();
    void write_control(u8 value);
    void write_bus_master(u32 offset, u8 value);
    u8 read_bus_master(u32 offset) const;

    struct CommandPorts final : IoDevice {
      explicit CommandPorts(Channel& c) : channel(c) {}
      u64 io_read(u64 offset, u32 size) override;
      void io_write(u64 offset, u32 size, u64 value) override;
      Channel& channel;
    };
    struct ControlPort final : IoDevice {
      explicit ControlPort(Channel& c) : channel(c) {}
      u64 io_read(u64 offset, u32 size) override;
      void io_write(u64 offset, u32 size, u64 value) override;
      Channel& channel;
    };
    CommandPorts command_ports;
    ControlPort control_port;
    Line irq;
    std::array<AtaDevice*, 2> devices{};

   private:
    ChannelState& state() const { return ide_.state_.channels[number_]; }
    bool decodes() const;
    AtaDevice* selected() const;
    void run();
    bool next_region();
    bool move(std::span<u8> bytes, bool to_memory);

    Piix3Ide& ide_;
    u32 number_;
  };
  struct BusMasterPorts final : IoDevice {
    explicit BusMasterPorts(Piix3Ide& i) : ide(i) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    Piix3Ide& ide;
  };

  State state_;
  PhysicalMemory& memory_;
  std::array<Channel, kChannels> channels_;
  BusMasterPorts bus_master_;
};

}  // namespace paemu
