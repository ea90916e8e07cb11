// HPET: a counter of 100 MHz with three comparators. Source: IA-PC HPET specification 1.0a, chapter 2.
//
// Count and interrupts follow from the virtual clock. Timer 0 can be periodic. With legacy replacement on, timers 0 and
// 1 drive IRQ 0 and IRQ 8 in the place of the 8254 and the MC146818; else each drives the I/O APIC's pin that it is
// routed to.
//
// A match that drives no line and leaves no status is not worth an event: the host would wake for it, for ever, as Linux
// leaves timer 0 running when it has turned to another clock. What such matches did to the comparator is worked out when
// software looks.
#pragma once

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class Hpet final : public IoDevice, public EventSink, public LineProbe {
 public:
  static constexpr u64 kSize = 0x400;
  static constexpr u32 kTimers = 3;

  struct Timer {
    u32 config = 0;      // the bits of Tn_CONF that software may write
    u64 comparator = 0;  // moves on by `period` at each match of a periodic timer
    u64 period = 0;
    Ticks unseen = kNever;  // the next match, if it is one without an event
    FIELDS(config, comparator, period, unseen)
  };
  struct State {
    u32 config = 0;      // ENABLE_CNF, LEG_RT_CNF
    u32 interrupts = 0;  // Tn_INT_STS of level-triggered timers
    u64 counter = 0;     // while it stands; while it counts, its value at `since`
    Ticks since;
    Timer timer[kTimers];
    FIELDS(config, interrupts, counter, since, timer)
  };

  Hpet(EventQueue& events, const VirtualClock& clock);

  Line legacy_timer, legacy_rtc;  // the outputs of timers 0 and 1 under legacy replacement
  // Where the other outputs go: pins of the I/O APIC.
  void connect_routes(LineInput& io_apic) { routes_ = &io_apic; }
  // Is legacy replacement on? Then the 8254 and the MC146818 must not drive their lines.
  bool line_level(u32) const override { return (state_.config & kBoth) == kBoth; }

  // Registers of 64 bits, read and written as 32 or 64 aligned bits (2.3.1); other accesses read ones and write
  // nothing.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;
  void on_event(u32 timer, Ticks now) override;

  void reset();
  State& state() { return state_; }

 private:
  static constexpr u32 kEnable = 1u << 0, kLegacyReplacement = 1u << 1, kBoth = kEnable | kLegacyReplacement;

  u64 counter() const;
  u64 read_register(u32 offset) const;
  void write_register(u32 offset, u64 value, u64 mask);
  void write_config(u32 value);
  void write_timer_config(u32 index, u32 value);
  void write_comparator(u32 index, u64 value, u64 mask);
  void schedule(u32 index);
  void catch_up();
  void drive(u32 index, bool level);

  State state_;
  EventQueue& events_;
  const VirtualClock& clock_;
  LineInput* routes_ = nullptr;
  EventQueue::Handle match_[kTimers];
};

}  // namespace paemu
