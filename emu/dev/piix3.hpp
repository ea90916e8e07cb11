// PIIX3: the PCI-to-ISA bridge, function 0 of device 1: it routes the four PCI interrupt lines to ISA requests. Its
// other parts (8259A, 8254, port 0x92, reset control) are chips of their own here. Source: Intel 82371SB data sheet
// (290550), chapter 2.2.
#pragma once

#include "bus/line.hpp"
#include "bus/pci.hpp"

namespace paemu {

class Piix3 final : public PciFunction, public LineInput {
 public:
  struct State {
    u8 lines = 0;      // bit n: PIRQ n (A to D) is asserted
    u16 requests = 0;  // bit n: a PIRQ holds ISA request n
    FIELDS(lines, requests)
  };

  Piix3();

  // Where the ISA requests go, by IRQ number. One that a PIRQ is routed to belongs to PCI alone: no ISA chip may use
  // it.
  void connect(LineInput& isa) { isa_ = &isa; }
  // PIRQ A to D (0 to 3); high: asserted.
  void set_line(u32 pirq, bool level) override;

  void reset();
  State& state() { return state_; }

 private:
  void on_config_written(u32 offset, u32 size) override;
  void drive();

  State state_;
  LineInput* isa_ = nullptr;
};

}  // namespace paemu
