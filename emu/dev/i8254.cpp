// How a counter's output and count follow from the clocks counted since it was loaded with N (data sheet, "Mode
// definitions"; CLK numbers from the load, G = while GATE is high):
//
//   mode 0  interrupt on terminal count   OUT low for N clocks, then high          count N - t, wraps     G stops
//   mode 1  hardware one-shot             OUT high; N low clocks after the trigger count N - t, wraps     G triggers
//   mode 2  rate generator                OUT low in the last clock of each N      count N - t mod N      G restarts
//   mode 3  square wave                   OUT high (N+1)/2, low N/2                counts by two          G restarts
//   mode 4  software strobe               OUT low for the clock after N            count N - t, wraps     G stops
//   mode 5  hardware strobe               as mode 4 after the trigger              count N - t, wraps     G triggers
//
// Control word: D7-D6 counter (3: read-back), D5-D4 access (0: latch), D3-D1 mode, D0 BCD.
#include "dev/i8254.hpp"

#include "base/bits.hpp"
#include "time/frequency.hpp"

namespace paemu {

namespace {

constexpr u32 kGatePin = 2;

u32 from_bcd(u32 v) { return (v & 15) + 10 * ((v >> 4) & 15) + 100 * ((v >> 8) & 15) + 1000 * ((v >> 12) & 15); }
u32 to_bcd(u32 v) { return v % 10 | (v / 10 % 10) << 4 | (v / 100 % 10) << 8 | (v / 1000 % 10) << 12; }

bool triggered_by_gate(u8 mode) { return mode == 1 || mode == 5; }
bool periodic(u8 mode) { return mode == 2 || mode == 3; }

}  // namespace

I8254::I8254(EventQueue& events, const VirtualClock& clock)
    : events_(events), clock_(clock), edge_(events.add("pit.counter0", *this)) {
  reset();
}

void I8254::reset() {
  const bool gate2 = state_.counter[kGatePin].gate;
  state_ = State{};
  state_.counter[kGatePin].gate = gate2;
  schedule();
}

u64 I8254::clocks() const { return cycles_at(clock_.now(), kHz); }

u64 I8254::elapsed(const Counter& c) const {
  if (!c.gate && !triggered_by_gate(c.mode)) return c.paused_at;
  const u64 now = clocks();
  return now < c.start ? 0 : now - c.start;  // the load takes effect with the next clock
}

bool I8254::output(const Counter& c) const {
  const bool counting = c.loaded && (!triggered_by_gate(c.mode) || c.triggered);
  if (!counting) return c.mode != 0;
  const u64 t = elapsed(c);
  switch (c.mode) {
    case 0: return t >= c.initial;
    case 1: return t >= c.initial;
    case 2: return !c.gate || t % c.initial != c.initial - 1;
    case 3: return !c.gate || t % c.initial < (c.initial + 1) / 2;
    default: return t != c.initial;
  }
}

// The counting element, as a read would see it.
u16 I8254::count(const Counter& c) const {
  const u32 range = c.bcd ? 10000 : 0x10000;
  u32 value = c.loaded ? c.initial : c.next_initial;
  if (c.loaded && (!triggered_by_gate(c.mode) || c.triggered)) {
    const u64 t = elapsed(c);
    if (c.mode == 2) {
      value = c.initial - static_cast<u32>(t % c.initial);
    } else if (c.mode == 3) {
      // Each half counts the even part of N down by two.
      const u32 high = (c.initial + 1) / 2;
      const u32 phase = static_cast<u32>(t % c.initial);
      const u32 in_half = phase < high ? phase : phase - high;
      value = (c.initial & ~1u) - 2 * in_half;
    } else {
      value = (c.initial + range - static_cast<u32>(t % range)) % range;
    }
  }
  value %= range;
  return static_cast<u16>(c.bcd ? to_bcd(value) : value);
}

// Read-back status (data sheet, figure "Status byte"): OUT, null count, access, mode, BCD. The load takes no time here,
// so a count is null only until it is written whole.
u8 I8254::status(const Counter& c) const {
  const bool null_count = !c.loaded || c.low_written;
  return static_cast<u8>(output(c) << 7 | null_count << 6 | c.access << 4 | c.mode << 1 | c.bcd);
}

u64 I8254::io_read(u64 offset, u32) {
  if (offset >= 3) return 0xff;  // the control word can't be read
  return read_counter(state_.counter[offset]);
}

u8 I8254::read_counter(Counter& c) {
  if (c.status_latched) {
    c.status_latched = false;
    return c.status_latch;
  }
  const u16 value = c.count_latched ? c.latch : count(c);
  const bool high = c.access == 2 || (c.access == 3 && c.low_read);
  if (c.access == 3) c.low_read = !c.low_read;
  if (c.access != 3 || high) c.count_latched = false;
  return static_cast<u8>(high ? value >> 8 : value);
}

void I8254::io_write(u64 offset, u32, u64 value) {
  const u8 byte = static_cast<u8>(value);
  if (offset >= 3) {
    write_control(byte);
    return;
  }
  Counter& c = state_.counter[offset];
  const u32 index = static_cast<u32>(offset);
  if (c.access == 1) load(index, byte);
  if (c.access == 2) load(index, u32{byte} << 8);
  if (c.access != 3) return;
  if (c.low_written) {
    c.low_written = false;
    load(index, u32{byte} << 8 | c.low_byte);
  } else {
    c.low_written = true;
    c.low_byte = byte;
    // Mode 0: the first byte stops the count and sets OUT low (data sheet, "Mode 0").
    if (c.mode == 0) {
      c.loaded = false;
      schedule();
    }
  }
}

void I8254::write_control(u8 value) {
  const u32 index = value >> 6;
  if (index == 3) {
    read_back(value);
    return;
  }
  Counter& c = state_.counter[index];
  const u8 access = bits(value, 4, 2);
  if (access == 0) {
    if (!c.count_latched) {
      c.latch = count(c);
      c.count_latched = true;
    }
    return;
  }
  const bool gate = c.gate;
  c = Counter{};
  c.gate = gate;
  c.access = access;
  c.mode = bits(value, 1, 3);
  if (c.mode > 5) c.mode -= 4;  // modes 2 and 3 have a don't-care bit
  c.bcd = (value & 1) != 0;
  schedule();
}

// D5 low: latch counts; D4 low: latch status; D3-D1: which counters.
void I8254::read_back(u8 value) {
  for (u32 i = 0; i < 3; ++i) {
    Counter& c = state_.counter[i];
    if ((value & (2u << i)) == 0) continue;
    if ((value & 0x20) == 0 && !c.count_latched) {
      c.latch = count(c);
      c.count_latched = true;
    }
    if ((value & 0x10) == 0 && !c.status_latched) {
      c.status_latch = status(c);
      c.status_latched = true;
    }
  }
}

void I8254::load(u32 index, u32 value) {
  Counter& c = state_.counter[index];
  u32 initial = c.bcd ? from_bcd(value) : value;
  if (initial == 0) initial = c.bcd ? 10000 : 0x10000;
  // A count of 1 is illegal in modes 2 and 3: the chip would never finish a period; it gets the shortest one.
  if (initial == 1 && periodic(c.mode)) initial = 2;
  c.next_initial = initial;
  // A running one-shot or strobe takes the new count at its next trigger. The periodic modes take it at the end of the
  // period; here at once, which differs by less than a period.
  if (!triggered_by_gate(c.mode) || !c.triggered) c.initial = initial;
  if (!triggered_by_gate(c.mode)) {
    c.start = clocks() + 1;  // the load takes the next clock
    c.paused_at = 0;
  }
  c.loaded = true;
  if (index == 0) schedule();
}

void I8254::set_line(u32 index, bool gate) {
  if (index >= 3) return;
  Counter& c = state_.counter[index];
  if (c.gate == gate) return;
  if (triggered_by_gate(c.mode)) {
    c.gate = gate;
    if (gate && c.loaded) {
      c.triggered = true;
      c.initial = c.next_initial;
      c.start = clocks() + 1;
    }
  } else if (gate) {
    c.gate = true;
    c.start = periodic(c.mode) ? clocks() + 1 : clocks() - c.paused_at;
  } else {
    c.paused_at = periodic(c.mode) || !c.loaded ? 0 : elapsed(c);
    c.gate = false;
  }
  if (index == 0) schedule();
}

bool I8254::line_level(u32 index) const { return index < 3 && output(state_.counter[index]); }

void I8254::on_event(u32, Ticks) { schedule(); }

// Drives OUT 0 to what it is now and arms the event for its next change. A clock takes 838 ticks, so the events of the
// fastest count still leave the guest time.
void I8254::schedule() {
  const Counter& c = state_.counter[0];
  output0.set(output(c));
  events_.disarm(edge_);
  const bool counting = c.loaded && c.gate && (!triggered_by_gate(c.mode) || c.triggered);
  if (!counting) return;
  const u64 t = elapsed(c);
  u64 next;  // clocks since the load at which OUT changes
  switch (c.mode) {
    case 2: {
      const u64 period = t - t % c.initial;
      next = t % c.initial < c.initial - 1 ? period + c.initial - 1 : period + c.initial;
      break;
    }
    case 3: {
      const u64 period = t - t % c.initial;
      const u64 half = (c.initial + 1) / 2;
      next = t % c.initial < half ? period + half : period + c.initial;
      break;
    }
    case 4:
    case 5:
      if (t > c.initial) return;
      next = t < c.initial ? c.initial : c.initial + 1;
      break;
    default:
      if (t >= c.initial) return;
      next = c.initial;
  }
  events_.arm(edge_, first_tick_of(c.start + next, kHz));
}

}  // namespace paemu
