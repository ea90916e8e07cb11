// The ACPI power management of the PIIX4, function 3 of device 1: PM1 event and control, PM timer, GPE0, the SMI
// command port, and the SCI. Software places the PM block by the function's PMBA register, and the ports of the SMBus
// (dev/piix4_smbus.hpp) by SMBBA. Source: Intel 82371AB data
// sheet (290562), chapter 7; ACPI 6.x, 4.8 "ACPI register model"; bits in abi/acpi.hpp.
#pragma once

#include <functional>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "bus/pci.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class Piix4Pm final : public PciFunction, public LineInput, public EventSink {
 public:
  struct State {
    u16 pm1_status = 0;
    u16 pm1_enable = 0;
    u16 pm1_control = 0;
    u16 gpe_status = 0;
    u16 gpe_enable = 0;
    u8 smi_command = 0;  // the last value written
    u8 smi_data = 0;     // port 0xb3: a byte between operating system and firmware
    u64 timer_seen = 0;  // half periods of the timer's top bit that TMR_STS has told of
    FIELDS(pm1_status, pm1_enable, pm1_control, gpe_status, gpe_enable, smi_command, smi_data, timer_seen)
  };

  struct Callbacks {
    std::function<void(u32 type)> sleep;                       // the guest entered the sleep state of this SLP_TYP
    std::function<void(std::optional<u32> first)> move_pm;     // pm_ports() belong at these ports, or nowhere
    std::function<void(std::optional<u32> first)> move_smbus;  // those of the SMBus likewise
  };
  Piix4Pm(EventQueue& events, const VirtualClock& clock, Callbacks callbacks);

  Line sci;  // level

  IoDevice& pm_ports() { return pm_; }    // abi::acpi::kPmBlockLength ports, 32 bits wide
  IoDevice& gpe_ports() { return gpe_; }  // abi::acpi::kGpe0Length ports, 8 bits wide
  IoDevice& smi_ports() { return smi_; }  // 0xb2-0xb3, 8 bits wide

  void press_power_button();
  // A general-purpose event input: a high level sets the bit's status.
  void set_line(u32 gpe_bit, bool level) override;
  void on_event(u32 event, Ticks now) override;

  void reset();
  // Tells the places of the PM block and the SMBus anew, after the configuration was written from outside.
  void announce();
  State& state() { return state_; }

 private:
  void on_config_written(u32 offset, u32 size) override;

  struct PmPorts final : IoDevice {
    explicit PmPorts(Piix4Pm& p) : pm(p) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    Piix4Pm& pm;
  };
  struct GpePorts final : IoDevice {
    explicit GpePorts(Piix4Pm& p) : pm(p) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    Piix4Pm& pm;
  };
  struct SmiPorts final : IoDevice {
    explicit SmiPorts(Piix4Pm& p) : pm(p) {}
    u64 io_read(u64 offset, u32 size) override;
    void io_write(u64 offset, u32 size, u64 value) override;
    Piix4Pm& pm;
  };

  u8 read_byte(u32 offset);
  u64 timer_clocks() const;
  void note_timer();
  void write_control(u16 value);
  void schedule_timer();
  void update_sci();

  State state_;
  EventQueue& events_;
  const VirtualClock& clock_;
  Callbacks callbacks_;
  EventQueue::Handle timer_;
  PmPorts pm_;
  GpePorts gpe_;
  SmiPorts smi_;
};

}  // namespace paemu
