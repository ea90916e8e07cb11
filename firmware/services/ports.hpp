// Port instructions and the processor's few others, for 16-bit code.
#pragma once

#include "base/port_io.hpp"
#include "services/far.hpp"

namespace services {

// `count` words between a port and far memory; the buffer must not wrap: give a normal() address.
inline void in16_many(u32 port, Far to, u32 count) {
  u32 offset = to.offset;
  asm volatile("pushw %%es\n\tmovw %w3, %%es\n\trep insw\n\tpopw %%es"
               : "+D"(offset), "+c"(count) : "d"(port), "a"(to.segment) : "memory");
}
inline void out16_many(u32 port, Far from, u32 count) {
  u32 offset = from.offset;
  asm volatile("pushw %%ds\n\tmovw %w3, %%ds\n\trep outsw\n\tpopw %%ds"
               : "+S"(offset), "+c"(count) : "d"(port), "a"(from.segment) : "memory");
}

inline void disable_interrupts() { asm volatile("cli" : : : "memory"); }
inline void enable_interrupts() { asm volatile("sti" : : : "memory"); }
// Lets pending interrupts in for a moment, without sleeping.
inline void let_interrupts_in() { asm volatile("sti\n\tnop\n\tpause\n\tcli" : : : "memory"); }
// Sleeps until an interrupt has been handled. Returns with interrupts disabled.
inline void wait_for_interrupt() { asm volatile("sti\n\thlt\n\tcli" : : : "memory"); }

inline void cmos_select(u8 index) { out8(0x70, index); }
inline u8 cmos_read(u8 index) {
  cmos_select(index);
  return in8(0x71);
}
inline void cmos_write(u8 index, u8 value) {
  cmos_select(index);
  out8(0x71, value);
}

inline void end_of_interrupt(u32 irq) {
  if (irq >= 8) out8(0xa0, 0x20);
  out8(0x20, 0x20);
}
inline void unmask_irq(u32 irq) {
  const u32 port = irq < 8 ? 0x21 : 0xa1;
  out8(port, static_cast<u8>(in8(port) & ~(1u << (irq & 7))));
}

}  // namespace services
