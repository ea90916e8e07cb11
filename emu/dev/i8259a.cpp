// Registers, by A0 and data bits (data sheet, "Programming the 8259A"):
//
//   A0=0 write  D4=1          ICW1: starts initialization. D0 IC4 (an ICW4 follows), D1 SNGL, D3 LTIM (ELCR here)
//   A0=0 write  D4=0 D3=0     OCW2: D7 R, D6 SL, D5 EOI, D2-D0 level
//   A0=0 write  D4=0 D3=1     OCW3: D6 ESMM, D5 SMM, D2 P, D1 RR, D0 RIS
//   A0=0 read                 poll answer, IRR or ISR
//   A0=1 write                ICW2, ICW3, ICW4 in turn after ICW1; else OCW1, the mask
//   A0=1 read                 the mask
#include "dev/i8259a.hpp"

#include "base/bits.hpp"

namespace paemu {

namespace {

constexpr u32 kMaster = 0, kSlave = 1;
constexpr u32 kCascadePin = 2;
constexpr u8 kSpuriousPin = 7;

constexpr u8 kIcw4AutoEoi = 1u << 1;
constexpr u8 kIcw4SpecialFullyNested = 1u << 4;

// IRQ 0, 1, 2, 8 and 13 are always edge triggered (PIIX4 data sheet, registers ELCR1 and ELCR2).
constexpr u8 kElcrMask[2] = {0xf8, 0xde};

u8 pin_bit(u32 pin) { return bit<u8>(pin); }

}  // namespace

I8259a::I8259a() : ports_{ChipPorts{*this, kMaster}, ChipPorts{*this, kSlave}}, elcr_(*this) {}

void I8259a::reset() {
  // The levels of the inputs are the devices' doing, not the chip's.
  for (Chip& c : state_.chip) {
    const u8 lines = c.lines;
    c = Chip{};
    c.lines = lines;
    c.imr = 0xff;  // undefined by the data sheet: masked, as firmware leaves it
  }
}

void I8259a::set_line(u32 irq, bool level) {
  if (irq >= 16 || irq == kCascadePin) return;
  set_input(irq / 8, irq % 8, level);
  update_cascade();
}

// A request is there while its input is high: since a rising edge, or for the level alone. When the input falls before
// INTA, the request is gone, and an INTA that was under way for it finds IR7 (data sheet, "Edge and level triggered
// modes").
void I8259a::set_input(u32 index, u32 pin, bool level) {
  Chip& c = state_.chip[index];
  const bool was = (c.lines & pin_bit(pin)) != 0;
  if (level && (!was || (c.elcr & pin_bit(pin)) != 0)) c.irr |= pin_bit(pin);
  if (!level) c.irr &= static_cast<u8>(~pin_bit(pin));
  if (level)
    c.lines |= pin_bit(pin);
  else
    c.lines &= static_cast<u8>(~pin_bit(pin));
}

void I8259a::update_cascade() { set_input(kMaster, kCascadePin, pending(kSlave) >= 0); }

int I8259a::pending(u32 index) const {
  const Chip& c = state_.chip[index];
  const u8 requests = c.irr & static_cast<u8>(~c.imr);
  if (requests == 0 || c.next_icw != 0) return -1;
  for (u32 i = 1; i <= 8; ++i) {
    const u32 pin = (c.lowest_priority + i) % 8;
    const bool requested = (requests & pin_bit(pin)) != 0;
    const bool in_service = (c.isr & pin_bit(pin)) != 0;
    // Special fully nested mode: the slave may interrupt its own service with a higher request.
    const bool nests = index == kMaster && pin == kCascadePin && (c.icw4 & kIcw4SpecialFullyNested) != 0;
    if (requested && (!in_service || nests)) return static_cast<int>(pin);
    // What is in service holds back all below it; in special mask mode only itself.
    if (in_service && !c.special_mask) return -1;
  }
  return -1;
}

u8 I8259a::take(u32 index) {
  Chip& c = state_.chip[index];
  const int found = pending(index);
  if (found < 0) return kSpuriousPin;
  const u8 pin = static_cast<u8>(found);
  if ((c.elcr & pin_bit(pin)) == 0) c.irr &= static_cast<u8>(~pin_bit(pin));
  if ((c.icw4 & kIcw4AutoEoi) == 0)
    c.isr |= pin_bit(pin);
  else if (c.rotate_on_auto_eoi)
    c.lowest_priority = pin;
  return pin;
}

u8 I8259a::acknowledge_interrupt() {
  const u8 pin = take(kMaster);
  if (pin != kCascadePin) return static_cast<u8>(state_.chip[kMaster].vector_base | pin);
  const u8 slave_pin = take(kSlave);
  // INT of the slave falls at INTA, so that its next request is an edge for the master.
  set_input(kMaster, kCascadePin, false);
  update_cascade();
  return static_cast<u8>(state_.chip[kSlave].vector_base | slave_pin);
}

u8 I8259a::read(u32 index, u64 offset) {
  Chip& c = state_.chip[index];
  if (c.poll) {
    // The read is an INTA in disguise (data sheet, "Poll command").
    c.poll = false;
    if (pending(index) < 0) return 0;
    const u8 pin = take(index);
    if (index == kSlave) set_input(kMaster, kCascadePin, false);
    update_cascade();
    return static_cast<u8>(0x80 | pin);
  }
  if ((offset & 1) != 0) return c.imr;
  return c.read_isr ? c.isr : c.irr;
}

void I8259a::write(u32 index, u64 offset, u8 value) {
  Chip& c = state_.chip[index];
  if ((offset & 1) == 0) {
    if ((value & 0x10) != 0)
      write_icw1(c, value);
    else if ((value & 0x08) == 0)
      write_ocw2(index, value);
    else
      write_ocw3(c, value);
  } else if (c.next_icw == 2) {
    c.vector_base = value & 0xf8;
    c.next_icw = !c.single ? 3 : (c.icw4_needed ? 4 : 0);
  } else if (c.next_icw == 3) {
    c.icw3 = value;
    c.next_icw = c.icw4_needed ? 4 : 0;
  } else if (c.next_icw == 4) {
    c.icw4 = value & 0x1f;
    c.next_icw = 0;
  } else {
    c.imr = value;
  }
  update_cascade();
}

// Data sheet, "Initialization command words": what ICW1 clears. Inputs that are high need a new edge.
void I8259a::write_icw1(Chip& c, u8 value) {
  c.imr = 0;
  c.isr = 0;
  c.irr = c.lines & c.elcr;
  c.icw4 = 0;
  c.lowest_priority = 7;
  c.special_mask = c.read_isr = c.poll = c.rotate_on_auto_eoi = false;
  c.icw4_needed = (value & 0x01) != 0;
  c.single = (value & 0x02) != 0;
  c.next_icw = 2;
}

void I8259a::write_ocw2(u32 index, u8 value) {
  Chip& c = state_.chip[index];
  const bool rotate = (value & 0x80) != 0, specific = (value & 0x40) != 0, eoi = (value & 0x20) != 0;
  const u8 level = value & 7;
  if (!eoi) {
    if (specific && rotate)
      c.lowest_priority = level;
    else if (!specific)
      c.rotate_on_auto_eoi = rotate;
    return;
  }
  if (specific) {
    c.isr &= static_cast<u8>(~pin_bit(level));
    if (rotate) c.lowest_priority = level;
    return;
  }
  // Non-specific: the highest in service; in special mask mode one that is masked does not count.
  const u8 served = c.special_mask ? c.isr & static_cast<u8>(~c.imr) : c.isr;
  for (u32 i = 1; i <= 8; ++i) {
    const u8 pin = static_cast<u8>((c.lowest_priority + i) % 8);
    if ((served & pin_bit(pin)) == 0) continue;
    c.isr &= static_cast<u8>(~pin_bit(pin));
    if (rotate) c.lowest_priority = pin;
    return;
  }
}

void I8259a::write_ocw3(Chip& c, u8 value) {
  if ((value & 0x40) != 0) c.special_mask = (value & 0x20) != 0;
  if ((value & 0x04) != 0)
    c.poll = true;
  else if ((value & 0x02) != 0)
    c.read_isr = (value & 0x01) != 0;
}

void I8259a::ElcrPorts::io_write(u64 offset, u32, u64 value) {
  const u32 index = offset & 1;
  Chip& c = pic.state_.chip[index];
  c.elcr = static_cast<u8>(value) & kElcrMask[index];
  c.irr = static_cast<u8>((c.irr & ~c.elcr) | (c.lines & c.elcr));
  pic.update_cascade();
}

}  // namespace paemu
