// MC146818: the real-time clock with CMOS memory. Source: Motorola MC146818A data sheet; the bytes above 0x0d as the
// PC AT's firmware keeps them.
//
// The time of day is counted from where start() set it, once a virtual second; the host's clock is never read.
#pragma once

#include <string_view>

#include "base/fields.hpp"
#include "bus/io.hpp"
#include "bus/line.hpp"
#include "time/event_queue.hpp"
#include "time/virtual_clock.hpp"

namespace paemu {

class Mc146818 final : public IoDevice, public EventSink {
 public:
  struct State {
    u8 cmos[128] = {};    // 0x00-0x09 time and alarm, 0x0a-0x0d registers A to D, the rest memory
    u8 index = 0;         // port 0x70, bits 0-6
    Ticks periodic_seen;  // up to here the periods that set PF have been counted
    FIELDS(cmos, index, periodic_seen)
    bool valid() const { return index < sizeof cmos; }
  };

  Mc146818(EventQueue& events, const VirtualClock& clock);

  Line irq;

  // Sets date and time, in seconds since 1970-01-01 UTC, as if the battery had kept them.
  void start(i64 epoch_seconds);
  // The bytes that PC firmware keeps about memory: kilobytes above 1 MiB (0x17, 0x30), 64 KiB above 16 MiB (0x34) and
  // above 4 GiB (0x5b).
  void set_memory_size(u64 below_4g, u64 above_4g);
  // What to boot from (0x3d, 0x38), at most three of a (diskette), c (disk), d (CD), n (network), the first first. Others
  // count as nothing.
  void set_boot_order(std::string_view letters);

  // Floppy drive types (0x10), and with them the equipment byte (0x14).
  void set_floppy_types(u8 types);

  // Ports 0x70 index (write only), 0x71 data. 8 bits wide.
  u64 io_read(u64 offset, u32 size) override;
  void io_write(u64 offset, u32 size, u64 value) override;
  void on_event(u32 event, Ticks now) override;

  // A system reset: clears the interrupt enables (data sheet, RESET); time and memory stay.
  void reset();
  State& state() { return state_; }

 private:
  enum Event : u32 { kSecond, kPeriodic };

  u8 read_register(u8 index);
  void write_register(u8 index, u8 value);
  u8 encode(u32 value) const;  // binary to the format that register B chooses
  u32 decode(u8 value) const;
  u32 hour() const;
  void set_hour(u32 hour);
  void advance_second();
  bool alarm_matches() const;
  u64 period_ticks() const;  // of the periodic interrupt; 0 when it is off
  void note_periods(Ticks now);
  void schedule_periodic(Ticks now);
  void update_irq();

  State state_;
  EventQueue& events_;
  const VirtualClock& clock_;
  EventQueue::Handle second_, periodic_;
};

}  // namespace paemu
