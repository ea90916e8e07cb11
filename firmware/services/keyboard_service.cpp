// INT 16h: keys from the buffer, or from COM1 when that is the console.
#include "services/bda.hpp"
#include "services/clock.hpp"
#include "services/entry.hpp"
#include "services/keyboard.hpp"
#include "services/ports.hpp"
#include "services/serial_console.hpp"

namespace services {

namespace {

bool peek(u16& key) {
  if (runtime.serial_console != 0) poll_serial_keys();
  const u16 head = bda16(bda::kKeyHead);
  if (head == bda16(bda::kKeyTail)) return false;
  key = bda16(head);
  return true;
}

void remove_key() {
  const u16 begin = bda16(bda::kKeyBufferBegin), end = bda16(bda::kKeyBufferEnd);
  u16 head = static_cast<u16>(bda16(bda::kKeyHead) + 2);
  if (head >= end || head < begin) head = begin;
  set_bda16(bda::kKeyHead, head);
}

// The functions of the first keyboard, of 83 keys, know neither E0 nor what its successor added: -> false for those.
bool narrow(u16& key) {
  const u8 character = static_cast<u8>(key), scan = static_cast<u8>(key >> 8);
  if (scan == 0xe0) {  // keypad Enter and /
    key = static_cast<u16>((character == '/' ? 0x3500 : 0x1c00) | character);
    return true;
  }
  if (scan >= 0x85) return false;
  if (character == 0xe0 && scan != 0) key = static_cast<u16>(scan << 8);
  return true;
}

// The lights follow the locks when somebody next looks for a key: not in the interrupt, which must be short.
void update_leds() {
  const u8 wanted = (bda8(bda::kShift) >> 4) & 7, shown = bda8(bda::kKeyboardLeds);
  if ((shown & 7) == wanted) return;
  set_bda8(bda::kKeyboardLeds, static_cast<u8>((shown & ~7) | wanted));
  if (in8(0x64) & 0x01) return;  // a key waits: its interrupt comes first, the lights at the next change
  constexpr u8 kSetLeds = 0xed, kAcknowledge = 0xfa;
  if (send_controller_data(kSetLeds) && read_controller_data(5) == kAcknowledge && send_controller_data(wanted))
    read_controller_data(5);
}

enum class Keyboard { Old, Enhanced };

void wait_key(Frame& f, Keyboard keyboard) {
  u16 key;
  for (;;) {
    disable_interrupts();
    update_leds();
    if (!peek(key)) {
      CallRegisters busy{};
      busy.a.x = 0x9002;  // device busy, keyboard: a multitasking system may do something else
      call_interrupt(0x15, busy);
      wait_for_interrupt();
      continue;
    }
    remove_key();
    if (keyboard == Keyboard::Enhanced || narrow(key)) break;
  }
  f.a.x = key;
}

void look_for_key(Frame& f, Keyboard keyboard) {
  let_interrupts_in();
  u16 key;
  update_leds();
  while (peek(key)) {
    if (keyboard == Keyboard::Enhanced || narrow(key)) {
      f.a.x = key;
      return f.set_zero(false);
    }
    remove_key();
  }
  f.set_zero(true);
}

void set_repeat(Frame& f) {
  constexpr u8 kSetRepeat = 0xf3, kAcknowledge = 0xfa;
  if (f.a.l == 0x00) f.b.x = 0x010b;  // the power-on rate: 500 ms, 10.9 characters a second
  if ((f.a.l != 0x05 && f.a.l != 0x00) || f.b.h > 3 || f.b.l > 31) return;
  if (send_controller_data(kSetRepeat) && read_controller_data(5) == kAcknowledge &&
      send_controller_data(static_cast<u8>(f.b.h << 5 | f.b.l)))
    read_controller_data(5);
}

}  // namespace

extern "C" void int16(Frame& f) {
  switch (f.a.h) {
    case 0x00: return wait_key(f, Keyboard::Old);
    case 0x01: return look_for_key(f, Keyboard::Old);
    case 0x02: f.a.l = bda8(bda::kShift); return;
    case 0x03: return set_repeat(f);
    case 0x05: f.a.l = store_key(f.c.x) ? 0 : 1; return;
    case 0x09: f.a.l = 0x30; return;  // 10h-12h are there, and 0Ah
    case 0x0a: f.b.x = 0x41ab; return;  // an MF2 keyboard, translated
    case 0x10: return wait_key(f, Keyboard::Enhanced);
    case 0x11: return look_for_key(f, Keyboard::Enhanced);
    case 0x12: {
      f.a.l = bda8(bda::kShift);
      const u8 more = bda8(bda::kShift + 1), mode = bda8(bda::kKeyboardMode);
      f.a.h = static_cast<u8>((more & 0x73) | (mode & 0x0c) | ((more & 0x04) << 5));
      return;
    }
    default: return;
  }
}

}  // namespace services
