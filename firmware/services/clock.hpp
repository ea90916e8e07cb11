// Waiting, by the ACPI timer: it runs whether interrupts do or not.
#pragma once

#include "base/types.hpp"

namespace services {
using namespace base;

// The tick count of the BIOS data area, from the time of day.
void init_ticks();

class Deadline {
 public:
  static Deadline after_ms(u32 ms);  // at most a minute
  static Deadline after_us(u32 us);  // at most a second
  // To be asked at least every four seconds: the timer has 24 bits.
  bool passed();
  // Lets interrupts in: sleeps until one comes when the tick comes before the deadline, else looks again at once.
  void wait() const;

 private:
  u32 last_, left_;
};

// Lets interrupts in meanwhile.
void wait_ms(u32 ms);

// The real-time clock's periodic interrupt, for waits that the caller does not sit through.
void start_periodic();
void stop_periodic();

}  // namespace services
