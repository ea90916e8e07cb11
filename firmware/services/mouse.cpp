// The PS/2 mouse (IBM PS/2 BIOS Interface Technical Reference, INT 15h AH=C2h "Pointing device interface"). Packets come
// by IRQ 12 and go to the handler that the caller gave.
#include "services/mouse.hpp"

#include "services/bda.hpp"
#include "services/entry.hpp"
#include "services/keyboard.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

enum Status : u8 { kBadFunction = 1, kBadInput = 2, kInterfaceError = 3, kResend = 4, kNoHandler = 5 };

constexpr u8 kHasHandler = 0x80, kIndexMask = 0x07;  // of the two bytes at kMouseFlags
constexpr u8 kAcknowledge = 0xfa;
constexpr u8 kModeMouseOn = 0x47, kModeMouseOff = 0x65;  // the controller's mode, see keyboard.cpp

u16 ebda() { return bda16(bda::kEbdaSegment); }
u8 ebda8(u16 at) { return far_read8(ebda(), at); }
void set_ebda8(u16 at, u8 value) { far_write8(ebda(), at, value); }

void set_mode(u8 mode) {
  send_controller_command(0x60);
  send_controller_data(mode);
}

// Sends one byte to the mouse. -> its answer was an acknowledgement.
bool tell(u8 byte) {
  send_controller_command(0xd4);
  send_controller_data(byte);
  return read_controller_data(200) == kAcknowledge;
}

bool tell(u8 command, u8 value) { return tell(command) && tell(value); }

bool ask(u8 command, u8* answer, u32 count) {
  if (!tell(command)) return false;
  for (u32 i = 0; i < count; ++i) {
    const int byte = read_controller_data(i == 0 ? 500 : 50);
    if (byte < 0) return false;
    answer[i] = static_cast<u8>(byte);
  }
  return true;
}

void finish(Frame& f, bool went_well) { went_well ? f.succeed() : f.fail(kInterfaceError); }

void switch_on(Frame& f) {
  if (f.b.h > 1) return f.fail(kBadInput);
  const bool on = f.b.h == 1;
  if (on && !(ebda8(bda::kMouseFlags + 1) & kHasHandler)) return f.fail(kNoHandler);
  set_ebda8(bda::kMouseFlags, ebda8(bda::kMouseFlags) & static_cast<u8>(~kIndexMask));
  const bool answered = tell(on ? 0xf4 : 0xf5);
  set_mode(on && answered ? kModeMouseOn : kModeMouseOff);
  finish(f, answered);
}

void reset(Frame& f) {
  u8 answer[2];
  const bool answered = ask(0xff, answer, 2);
  set_mode(kModeMouseOff);
  if (answered) f.b.l = answer[0], f.b.h = answer[1];
  finish(f, answered);
}

void set_rate(Frame& f) {
  constexpr u8 kRates[] = {10, 20, 40, 60, 80, 100, 200};
  if (f.b.h >= sizeof(kRates)) return f.fail(kBadInput);
  finish(f, tell(0xf3, kRates[f.b.h]));
}

void initialise(Frame& f) {
  if (f.b.h < 1 || f.b.h > 8) return f.fail(kBadInput);
  const u8 bytes = static_cast<u8>((ebda8(bda::kMouseFlags + 1) & 0xf8) | (f.b.h - 1));
  set_ebda8(bda::kMouseFlags, 0);
  set_ebda8(bda::kMouseFlags + 1, bytes);
  reset(f);
}

void extended(Frame& f) {
  if (f.b.h == 0) {
    u8 answer[3];
    const bool answered = ask(0xe9, answer, 3);
    if (answered) f.b.l = answer[0], f.c.l = answer[1], f.d.l = answer[2];
    return finish(f, answered);
  }
  if (f.b.h == 1 || f.b.h == 2) return finish(f, tell(f.b.h == 1 ? 0xe6 : 0xe7));
  f.fail(kBadInput);
}

void set_handler(Frame& f) {
  const u8 bytes = ebda8(bda::kMouseFlags + 1) & static_cast<u8>(~kHasHandler);
  far_write16(ebda(), bda::kMouseHandler, f.b.x);
  far_write16(ebda(), bda::kMouseHandler + 2, f.es);
  set_ebda8(bda::kMouseFlags + 1, f.b.x == 0 && f.es == 0 ? bytes : bytes | kHasHandler);
  f.succeed();
}

}  // namespace

void mouse_service(Frame& f) {
  const u8 function = f.a.l;
  if (function > 7) return f.fail(kBadFunction);
  if (function == 7) return set_handler(f);
  // The mouse's answers must not be taken for packets, nor keys for answers.
  const u8 first_mask = in8(0x21), second_mask = in8(0xa1);
  out8(0x21, first_mask | 0x02);
  out8(0xa1, second_mask | 0x10);
  send_controller_command(0xa8);
  switch (function) {
    case 0: switch_on(f); break;
    case 1: reset(f); break;
    case 2: set_rate(f); break;
    case 3: f.b.h > 3 ? f.fail(kBadInput) : finish(f, tell(0xe8, f.b.h)); break;
    case 4: {
      u8 id;
      const bool answered = ask(0xf2, &id, 1);
      if (answered) f.b.h = id;
      finish(f, answered);
      break;
    }
    case 5: initialise(f); break;
    case 6: extended(f); break;
  }
  const bool started = function == 0 && f.b.h == 1 && f.a.h == 0;
  out8(0x21, started ? first_mask & static_cast<u8>(~0x04) : first_mask);
  out8(0xa1, started ? second_mask & static_cast<u8>(~0x10) : second_mask);
}

// IRQ 12.
extern "C" void int74(Frame&) {
  constexpr u8 kOutputFull = 0x01, kFromMouse = 0x20;
  if ((in8(0x64) & (kOutputFull | kFromMouse)) == (kOutputFull | kFromMouse)) {
    const u8 byte = in8(0x60);
    const u8 shape = ebda8(bda::kMouseFlags + 1);
    u8 index = ebda8(bda::kMouseFlags) & kIndexMask;
    set_ebda8(static_cast<u16>(bda::kMousePacket + index), byte);
    const bool whole = index >= (shape & kIndexMask);
    set_ebda8(bda::kMouseFlags, whole ? 0 : static_cast<u8>(index + 1));
    if (whole && (shape & kHasHandler)) {
      end_of_interrupt(12);
      const u8 x = ebda8(bda::kMousePacket + 1), y = ebda8(bda::kMousePacket + 2);
      call_mouse_handler(ebda8(bda::kMousePacket), x, y, far_read32(ebda(), bda::kMouseHandler));
      return;
    }
  }
  end_of_interrupt(12);
}

}  // namespace services
