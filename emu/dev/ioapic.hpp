// 82093AA: the I/O APIC. 24 inputs, each with a redirection entry. Source: Intel 82093AA data sheet (290566).
#pragma once

#include "base/fields.hpp"
#include "bus/apic_bus.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"

namespace paemu {

class IoApic final : public IoDevice, public LineInput, public ApicEoiSink {
 public:
  static constexpr u32 kPins = 24;
  static constexpr u64 kSize = 0x1000;

  struct State {
    u64 redirection[kPins] = {};  // IOREDTBL
    u32 lines = 0;                // the levels of the inputs
    u32 irr = 0;                  // requests not delivered yet: edges while masked are lost, levels are not
    u8 id = 0;                    // IOAPICID bits 24-27
    u8 index = 0;                 // IOREGSEL
    FIELDS(redirection, lines, irr, id, index)
  };

  explicit IoApic(ApicMessageSink& bus);

  // IOREGSEL at 0x00, IOWIN at 0x10; EOI register of later parts at 0x40 (version 0x20).
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;
  void set_line(u32 pin, bool level) override;
  void end_of_interrupt(u8 vector) override;

  void reset();
  State& state() { return state_; }

 private:
  u32 read_register(u8 index) const;
  void write_register(u8 index, u32 value);
  void service(u32 pin);

  State state_;
  ApicMessageSink& bus_;
};

}  // namespace paemu
