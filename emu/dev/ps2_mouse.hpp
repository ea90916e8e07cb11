// The mouse: three buttons, as IntelliMouse with a wheel, as IntelliMouse Explorer with five buttons.
// Source: IBM PS/2 Hardware Interface Technical Reference, "Mouse"; Microsoft's extension by three sample rates.
#pragma once

#include "bus/line.hpp"
#include "bus/ps2.hpp"

namespace paemu {

class Ps2Mouse final : public Ps2Device {
 public:
  struct State {
    u8 id = 0;          // 0 mouse, 3 with a wheel, 4 with five buttons
    u8 resolution = 2;  // 2^n counts a millimetre
    u8 rate = 100;      // samples a second: kept, and not obeyed
    u8 rates[2] = {};   // the two before, which choose the id
    u8 pending = 0;     // a command that waits for its argument; 0: none
    bool reporting = false;
    bool remote = false;   // it sends only when asked
    bool wrap = false;     // it sends back what it gets
    bool scaling = false;  // 2:1
    u8 buttons = 0;        // bit 0 left, 1 right, 2 middle, 3 and 4 the side ones
    u8 told_buttons = 0;   // as the last packet had them
    i32 dx = 0, dy = 0;    // moved and not told: to the right, down
    i32 dz = 0;            // the wheel, towards the user
    Ps2Queue queue;
    FIELDS(id, resolution, rate, rates, pending, reporting, remote, wrap, scaling, buttons, told_buttons, dx, dy, dz,
           queue)
    bool valid() const {
      constexpr i32 kFar = 1 << 20;
      return dx > -kFar && dx < kFar && dy > -kFar && dy < kFar && dz > -kFar && dz < kFar;
    }
  };

  Line attention;

  // Counts to the right, down, of the wheel towards the user; which buttons are down.
  void move(i32 dx, i32 dy, i32 dz, u8 buttons);

  void receive(u8 byte) override;
  bool ready() const override { return state_.queue.count != 0; }
  u8 take() override;

  void reset();
  State& state() { return state_; }

 private:
  void command(u8 byte);
  void argument(u8 command, u8 byte);
  void answer(u8 byte) { state_.queue.push(byte); }
  void set_defaults();
  void note_rate(u8 rate);
  void send_packet();
  void report();

  State state_;
};

}  // namespace paemu
