// The keyboard: 102 keys, three scan code sets, LEDs, typematic repetition by the virtual clock.
// Source: IBM PS/2 Hardware Interface Technical Reference, "Keyboards (101- and 102-Key)".
#pragma once

#include <span>

#include "bus/line.hpp"
#include "bus/ps2.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class Ps2Keyboard final : public Ps2Device, public EventSink {
 public:
  struct State {
    u8 set = 2;            // of scan codes, 1 to 3
    u8 leds = 0;           // bit 0 scroll lock, 1 num lock, 2 caps lock
    u8 typematic = 0x2b;   // rate and delay, as command f3 has them
    u8 pending = 0;        // a command that waits for its argument; 0: none
    bool scanning = true;  // it sends keys
    bool repeats = true;   // set 3: keys repeat
    bool breaks = true;    // set 3: keys tell that they were let go
    u8 prefix = 0;         // of what arrives: e0 or e1, or 0
    u8 pause_bytes = 0;    // that still belong to e1
    u8 held = 0;           // the key that repeats, by its code of set 1; 0: none
    bool held_extended = false;
    Ps2Queue queue;
    FIELDS(set, leds, typematic, pending, scanning, repeats, breaks, prefix, pause_bytes, held, held_extended, queue)
    bool valid() const { return set >= 1 && set <= 3 && held < 0x80; }
  };

  Ps2Keyboard(EventQueue& events, const VirtualClock& clock);

  Line attention;

  // What is pressed and let go, as codes of set 1 whatever set the guest has chosen. A key for which the queue has no
  // room is lost.
  void keys(std::span<const u8> codes);

  void receive(u8 byte) override;
  bool ready() const override { return state_.queue.count != 0; }
  u8 take() override;
  void on_event(u32 event, Ticks now) override;

  void reset();
  State& state() { return state_; }

 private:
  void key(u8 code, bool extended, bool down);
  bool send_key(u8 code, bool extended, bool down);
  void send_pause();
  void answer(u8 byte);
  void argument(u8 command, u8 byte);
  void set_defaults();
  void start_repeating(Ticks when);
  void stop_repeating();

  State state_;
  EventQueue& events_;
  const VirtualClock& clock_;
  EventQueue::Handle repeat_;
};

}  // namespace paemu
