// Time: the tick (IRQ 0, INT 08h and 1Ch), the real-time clock (IRQ 8, INT 70h and 4Ah), INT 1Ah, and waiting.
#include "services/clock.hpp"

#include "services/bda.hpp"
#include "services/entry.hpp"
#include "services/pci_service.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u32 kTicksPerDay = 0x1800b0;

// MC146818 registers.
constexpr u8 kSeconds = 0x00, kSecondsAlarm = 0x01, kMinutes = 0x02, kMinutesAlarm = 0x03, kHours = 0x04,
             kHoursAlarm = 0x05, kDay = 0x07, kMonth = 0x08, kYear = 0x09, kA = 0x0a, kB = 0x0b, kC = 0x0c;
constexpr u8 kCentury = 0x32;
constexpr u8 kUpdating = 0x80;                                             // A
constexpr u8 kSet = 0x80, kPeriodic = 0x40, kAlarm = 0x20, kDaylight = 0x01;  // B
constexpr u32 kPeriodMicroseconds = 976;                                   // of the periodic interrupt at 1024 Hz

// While an update runs the time must not be read (data sheet, "Update cycle"). False: the clock does not run.
bool wait_for_update() {
  for (u32 patience = 0; patience < 100'000; ++patience) {
    if (!(cmos_read(kA) & kUpdating)) return true;
  }
  return false;
}

u32 from_bcd(u8 value) { return (value >> 4) * 10u + (value & 15); }

void set_b(u8 clear, u8 set) { cmos_write(kB, static_cast<u8>((cmos_read(kB) & ~clear) | set)); }

void get_ticks(Frame& f) {
  const u32 ticks = bda32(bda::kTicks);
  f.c.x = static_cast<u16>(ticks >> 16);
  f.d.x = static_cast<u16>(ticks);
  f.a.l = bda8(bda::kTicksRolled);
  set_bda8(bda::kTicksRolled, 0);
}

void set_ticks(Frame& f) {
  set_bda32(bda::kTicks, static_cast<u32>(f.c.x) << 16 | f.d.x);
  set_bda8(bda::kTicksRolled, 0);
}

void get_time(Frame& f) {
  if (!wait_for_update()) return f.set_carry(true);
  f.d.h = cmos_read(kSeconds);
  f.c.l = cmos_read(kMinutes);
  f.c.h = cmos_read(kHours);
  f.d.l = cmos_read(kB) & kDaylight;
  f.succeed();
}

void set_time(Frame& f) {
  wait_for_update();
  set_b(0, kSet);
  cmos_write(kSeconds, f.d.h);
  cmos_write(kMinutes, f.c.l);
  cmos_write(kHours, f.c.h);
  set_b(kSet | kDaylight, f.d.l & kDaylight);
  f.succeed();
}

void get_date(Frame& f) {
  if (!wait_for_update()) return f.set_carry(true);
  f.d.l = cmos_read(kDay);
  f.d.h = cmos_read(kMonth);
  f.c.l = cmos_read(kYear);
  f.c.h = cmos_read(kCentury);
  f.succeed();
}

void set_date(Frame& f) {
  wait_for_update();
  set_b(0, kSet);
  cmos_write(kDay, f.d.l);
  cmos_write(kMonth, f.d.h);
  cmos_write(kYear, f.c.l);
  cmos_write(kCentury, f.c.h);
  set_b(kSet, 0);
  f.succeed();
}

void set_alarm(Frame& f) {
  if (cmos_read(kB) & kAlarm) return f.set_carry(true);  // one at a time
  wait_for_update();
  cmos_write(kSecondsAlarm, f.d.h);
  cmos_write(kMinutesAlarm, f.c.l);
  cmos_write(kHoursAlarm, f.c.h);
  unmask_irq(8);
  set_b(kSet, kAlarm);
  f.succeed();
}

u32 pm_timer() { return in32(runtime.pm_timer_port) & 0xffffff; }

}  // namespace

void init_ticks() {
  wait_for_update();
  const u32 seconds = from_bcd(cmos_read(kHours)) * 3600 + from_bcd(cmos_read(kMinutes)) * 60 + from_bcd(cmos_read(kSeconds));
  // 1193182 / 65536 ticks a second = 18.2065; in 64 bits without a division.
  u32 ticks = static_cast<u32>((u64{seconds} * 1193182) >> 16);
  if (ticks >= kTicksPerDay) ticks = kTicksPerDay - 1;
  set_bda32(bda::kTicks, ticks);
}

Deadline Deadline::after_ms(u32 ms) {
  Deadline d;
  d.last_ = pm_timer();
  d.left_ = ms * 3580;
  return d;
}

Deadline Deadline::after_us(u32 us) {
  Deadline d;
  d.last_ = pm_timer();
  d.left_ = (us * 3665u >> 10) + 1;  // 3.579545 MHz
  return d;
}

bool Deadline::passed() {
  const u32 now = pm_timer();
  const u32 gone = (now - last_) & 0xffffff;
  last_ = now;
  left_ = gone >= left_ ? 0 : left_ - gone;
  return left_ == 0;
}

void Deadline::wait() const {
  constexpr u32 kTick = 200'000;  // 55.9 ms in the timer's counts
  constexpr u8 kTickMasked = 0x01;
  if (left_ > kTick && !(in8(0x21) & kTickMasked)) return wait_for_interrupt();
  let_interrupts_in();
}

void wait_ms(u32 ms) {
  for (Deadline deadline = Deadline::after_ms(ms); !deadline.passed();) deadline.wait();
}

void start_periodic() {
  unmask_irq(8);
  set_b(kSet, kPeriodic);
}

void stop_periodic() { set_b(kPeriodic, 0); }

extern "C" void int08(Frame&) {
  u32 ticks = bda32(bda::kTicks) + 1;
  if (ticks >= kTicksPerDay) {
    ticks = 0;
    set_bda8(bda::kTicksRolled, static_cast<u8>(bda8(bda::kTicksRolled) + 1));
  }
  set_bda32(bda::kTicks, ticks);
  if (const u8 left = bda8(bda::kFloppyMotorTicks); left != 0) {
    set_bda8(bda::kFloppyMotorTicks, static_cast<u8>(left - 1));
    if (left == 1) {
      constexpr u8 kEnabled = 0x0c;  // digital output register: no reset, DMA and interrupt; all motors off
      set_bda8(bda::kFloppyMotors, bda8(bda::kFloppyMotors) & 0xf0);
      out8(0x3f2, kEnabled);
    }
  }
  CallRegisters none{};
  call_interrupt(0x1c, none);
  end_of_interrupt(0);
}

// The real-time clock's interrupt: the alarm, and the periods that INT 15h AH=83h and 86h count.
extern "C" void int70(Frame&) {
  const u8 cause = cmos_read(kC) & cmos_read(kB);
  if (cause & kAlarm) {
    set_b(kAlarm, 0);
    end_of_interrupt(8);
    CallRegisters none{};
    call_interrupt(0x4a, none);
    disable_interrupts();
    if (!(cause & kPeriodic)) return;
  }
  if ((cause & kPeriodic) && bda8(bda::kWaitActive) != 0) {
    const u32 left = bda32(bda::kWaitMicroseconds);
    if (left > kPeriodMicroseconds) {
      set_bda32(bda::kWaitMicroseconds, left - kPeriodMicroseconds);
    } else {
      set_bda32(bda::kWaitMicroseconds, 0);
      set_bda8(bda::kWaitActive, 0);
      stop_periodic();
      const u16 segment = bda16(bda::kWaitFlag + 2), offset = bda16(bda::kWaitFlag);
      far_write8(segment, offset, far_read8(segment, offset) | 0x80);
    }
  }
  if (!(cause & kAlarm)) end_of_interrupt(8);
}

extern "C" void int1a(Frame& f) {
  switch (f.a.h) {
    case 0x00: return get_ticks(f);
    case 0x01: return set_ticks(f);
    case 0x02: return get_time(f);
    case 0x03: return set_time(f);
    case 0x04: return get_date(f);
    case 0x05: return set_date(f);
    case 0x06: return set_alarm(f);
    case 0x07:
      set_b(kAlarm | kSet, 0);
      return f.succeed();
    case 0xb1: return pci_service(f);
    default: return f.set_carry(true);
  }
}

}  // namespace services
