// What a PC makes of the processor's FERR# (PIIX4 data sheet, coprocessor error; SDM 1, appendix D.2.1): IRQ 13 rises
// with it. A write to port 0xF0 lowers IRQ 13 and asserts IGNNE#, so that the handler can use the x87 unit, until FERR#
// is released. IRQ 13 falls with FERR# too.
#pragma once

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"

namespace paemu {

class CoprocessorError final : public IoDevice {
 public:
  struct State {
    bool error = false;   // FERR#
    bool ignore = false;  // IGNNE#
    FIELDS(error, ignore)
  };

  Line irq;  // 13

  void set_error(bool asserted) {
    if (asserted == state_.error) return;
    state_ = State{asserted, false};
    irq.set(asserted);
  }
  bool ignored() const { return state_.ignore; }

  u64 io_read(u64, u32) override { return 0xff; }
  void io_write(u64, u32, u64) override {
    if (!state_.error) return;
    state_.ignore = true;
    irq.set(false);
  }
  void reset() {
    state_ = State{};
    irq.set(false);
  }
  State& state() { return state_; }

 private:
  State state_;
};

}  // namespace paemu
