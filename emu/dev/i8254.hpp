// 8254: the programmable interval timer. Three 16-bit counters clocked at 1.193182 MHz. Counts and outputs follow from
// the virtual clock; only counter 0, which drives an interrupt, has an event. Source: Intel 8254 data sheet (231164).
#pragma once

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class I8254 final : public IoDevice, public LineInput, public LineProbe, public EventSink {
 public:
  static constexpr u64 kHz = 1193182;

  struct Counter {
    u64 start = 0;         // PIT clock at which the running count was loaded
    u32 initial = 0;       // the running count's initial value, 1 to 0x10000 (BCD: to 10000); 0 before the first load
    u32 next_initial = 0;  // CR: what is loaded next
    u64 paused_at = 0;     // clocks counted when GATE fell (modes 0 and 4; 2 and 3 restart)
    u16 latch = 0;         // OL, when latched
    u8 mode = 0;           // 0 to 5
    u8 access = 3;         // RW1-RW0: 1 low byte, 2 high byte, 3 low then high
    u8 status_latch = 0;
    bool bcd = false;
    bool gate = true;
    bool loaded = false;       // a count runs, or waits for its trigger in modes 1 and 5
    bool triggered = false;    // modes 1 and 5: GATE has risen since the count was written
    bool low_written = false;  // access 3: the low byte of a new count is in `low_byte`
    bool low_read = false;     // access 3: the next read gives the high byte
    bool count_latched = false;
    bool status_latched = false;
    u8 low_byte = 0;
    FIELDS(start, initial, next_initial, paused_at, latch, mode, access, status_latch, bcd, gate, loaded, triggered,
           low_written, low_read, count_latched, status_latched, low_byte)
    bool valid() const { return mode <= 5 && initial <= 0x10000 && (!loaded || initial > 0); }
  };
  struct State {
    Counter counter[3];
    FIELDS(counter)
  };

  I8254(EventQueue& events, const VirtualClock& clock);

  Line output0;  // OUT of counter 0: IRQ 0

  // Ports 0x40-0x42 counters, 0x43 control word. 8 bits wide.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;
  void set_line(u32 counter, bool gate) override;  // GATE of a counter; 0 and 1 are tied high on a PC
  bool line_level(u32 counter) const override;     // OUT of a counter, now
  void on_event(u32 event, Ticks now) override;

  void reset();
  State& state() { return state_; }

 private:
  u64 clocks() const;                   // PIT clocks since power-on
  u64 elapsed(const Counter& c) const;  // clocks that the running count has counted
  u16 count(const Counter& c) const;
  bool output(const Counter& c) const;
  u8 status(const Counter& c) const;
  u8 read_counter(Counter& c);
  void write_control(u8 value);
  void read_back(u8 value);
  void load(u32 index, u32 count);
  void schedule();

  State state_;
  EventQueue& events_;
  const VirtualClock& clock_;
  EventQueue::Handle edge_;  // the next change of OUT 0
};

}  // namespace paemu
