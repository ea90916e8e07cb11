// 8259A: the pair of programmable interrupt controllers of a PC, cascaded through the master's IR2, with the ELCR of
// the PIIX4. Source: Intel 8259A data sheet (231468-003); Intel 82371AB (PIIX4) data sheet, "Interrupt controller
// registers".
//
// Inputs: set_line(0..15). Output: interrupt_pending(), as INTR. Ports: see i8259a.cpp.
#pragma once

#include "base/fields.hpp"
#include "bus/interrupt_controller.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"

namespace paemu {

class I8259a final : public InterruptController, public LineInput {
 public:
  struct Chip {
    u8 irr = 0;              // interrupt request register: latched edges, or the levels of level inputs
    u8 isr = 0;              // in-service register
    u8 imr = 0;              // interrupt mask register (OCW1)
    u8 lines = 0;            // the levels of the inputs
    u8 elcr = 0;             // a bit set: the input is level triggered
    u8 vector_base = 0;      // ICW2: T7-T3
    u8 icw3 = 0;             // cascade wiring, kept but not obeyed: the board is wired as a PC
    u8 icw4 = 0;             // bit 0 uPM, 1 AEOI, 4 SFNM
    u8 next_icw = 0;         // the ICW that the next write to A0=1 is: 2, 3, 4; 0 is OCW1
    u8 lowest_priority = 7;  // the input with the lowest priority; the next one has the highest
    bool icw4_needed = false;
    bool single = false;        // ICW1 SNGL
    bool read_isr = false;      // OCW3 RIS: a read of A0=0 gives ISR, else IRR
    bool poll = false;          // OCW3 P: the next read is a poll
    bool special_mask = false;  // OCW3 SMM
    bool rotate_on_auto_eoi = false;
    FIELDS(irr, isr, imr, lines, elcr, vector_base, icw3, icw4, next_icw, lowest_priority, icw4_needed, single,
           read_isr, poll, special_mask, rotate_on_auto_eoi)
    bool valid() const { return lowest_priority < 8 && next_icw <= 4 && (vector_base & 7) == 0; }
  };
  struct State {
    Chip chip[2];  // master, slave
    FIELDS(chip)
  };

  I8259a();

  // The ports: 0x20-0x21 and 0xa0-0xa1 (command, data), and the ELCR at 0x4d0-0x4d1. 8 bits wide.
  IoDevice& master_ports() { return ports_[0]; }
  IoDevice& slave_ports() { return ports_[1]; }
  IoDevice& elcr_ports() { return elcr_; }

  void set_line(u32 irq, bool level) override;
  bool interrupt_pending() const override { return pending(0) >= 0; }
  // Spurious when nothing is pending any more: IR7 of the chip, without a bit in ISR (data sheet, "Edge and level").
  u8 acknowledge_interrupt() override;

  void reset();
  State& state() { return state_; }

 private:
  struct ChipPorts final : IoDevice {
    ChipPorts(I8259a& p, u32 i) : pic(p), index(i) {}
    u64 io_read(u64 offset, u32) override { return pic.read(index, offset); }
    void io_write(u64 offset, u32, u64 value) override { pic.write(index, offset, static_cast<u8>(value)); }
    I8259a& pic;
    u32 index;
  };
  struct ElcrPorts final : IoDevice {
    explicit ElcrPorts(I8259a& p) : pic(p) {}
    u64 io_read(u64 offset, u32) override { return pic.state_.chip[offset & 1].elcr; }
    void io_write(u64 offset, u32, u64 value) override;
    I8259a& pic;
  };

  u8 read(u32 index, u64 offset);
  void write(u32 index, u64 offset, u8 value);
  void write_icw1(Chip& c, u8 value);
  void write_ocw2(u32 index, u8 value);
  void write_ocw3(Chip& c, u8 value);
  void set_input(u32 index, u32 pin, bool level);
  void update_cascade();
  int pending(u32 index) const;  // the input that INT is raised for, or -1
  u8 take(u32 index);            // INTA: returns the input, 7 when spurious

  State state_;
  ChipPorts ports_[2];
  ElcrPorts elcr_;
};

}  // namespace paemu
