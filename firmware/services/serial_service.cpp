// INT 14h: the serial ports.
#include "services/bda.hpp"
#include "services/clock.hpp"
#include "services/entry.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u8 kTimeout = 0x80;
constexpr u8 kReceived = 0x01, kTransmitEmpty = 0x20;

u8 line_status(u16 port) { return in8(port + 5u); }
u8 modem_status(u16 port) { return in8(port + 6u); }

// Data format as AL has it for function 0: bits 7-5 rate, 4-3 parity, 2 stop bits, 1-0 length.
void initialise(u16 port, u8 format) {
  constexpr u16 kDivisors[] = {0x0417, 0x0300, 0x0180, 0x00c0, 0x0060, 0x0030, 0x0018, 0x000c};
  const u16 divisor = kDivisors[format >> 5];
  out8(port + 3u, 0x80);
  out8(port, static_cast<u8>(divisor));
  out8(port + 1u, static_cast<u8>(divisor >> 8));
  out8(port + 3u, format & 0x1f);
  out8(port + 1u, 0);
}

bool wait_for(u16 port, u8 status, u8 tenths) {
  for (Deadline deadline = Deadline::after_ms(tenths * 55u); !(line_status(port) & status);) {
    if (deadline.passed()) return false;
    let_interrupts_in();
  }
  return true;
}

}  // namespace

extern "C" void int14(Frame& f) {
  const u16 index = f.d.x;
  const u16 port = index < 4 ? bda16(static_cast<u16>(bda::kComPorts + 2 * index)) : u16{0};
  if (port == 0) {
    f.a.h = kTimeout;
    return;
  }
  const u8 patience = bda8(static_cast<u16>(bda::kComTimeouts + index));
  switch (f.a.h) {
    case 0x00:
      initialise(port, f.a.l);
      break;
    case 0x01:
      out8(port + 4u, 0x03);  // DTR, RTS
      if (!wait_for(port, kTransmitEmpty, patience)) {
        f.a.h = line_status(port) | kTimeout;
        return;
      }
      out8(port, f.a.l);
      f.a.h = line_status(port);
      return;
    case 0x02:
      out8(port + 4u, 0x01);
      if (!wait_for(port, kReceived, patience)) {
        f.a.h = line_status(port) | kTimeout;
        return;
      }
      f.a.h = line_status(port) & 0x1e;
      f.a.l = in8(port);
      return;
    case 0x03: break;
    default: return;
  }
  f.a.h = line_status(port);
  f.a.l = modem_status(port);
}

}  // namespace services
