// The 8042, the keyboard's interrupt (INT 09h), and the buffer in the BIOS data area.
#include "services/keyboard.hpp"

#include "services/bda.hpp"
#include "services/clock.hpp"
#include "services/entry.hpp"
#include "services/ports.hpp"

namespace services {

namespace {

constexpr u32 kData = 0x60, kCommand = 0x64;
constexpr u8 kOutputFull = 0x01, kInputFull = 0x02, kFromMouse = 0x20;

// 40:17 and 40:18.
constexpr u8 kRightShift = 0x01, kLeftShift = 0x02, kControl = 0x04, kAlt = 0x08, kScrollLock = 0x10, kNumLock = 0x20,
             kCapsLock = 0x40, kInsert = 0x80;
constexpr u8 kLeftControl = 0x01, kLeftAlt = 0x02, kSysRq = 0x04, kPause = 0x08;
// 40:96.
constexpr u8 kLastE1 = 0x01, kLastE0 = 0x02, kRightControl = 0x04, kRightAlt = 0x08, k101Keys = 0x10;

constexpr u16 kBufferBegin = 0x1e, kBufferEnd = 0x3e;

void set_bits(u16 where, u8 bits, bool on) {
  const u8 old = bda8(where);
  set_bda8(where, static_cast<u8>(on ? old | bits : old & ~bits));
}

u8 shift_flags() { return bda8(bda::kShift); }

// The buffer's ends, which programs may move, but not out of segment 40.
u16 next_place(u16 place) {
  const u16 begin = bda16(bda::kKeyBufferBegin), end = bda16(bda::kKeyBufferEnd);
  place = static_cast<u16>(place + 2);
  return place >= end || place < begin ? begin : place;
}

// A shift key, or a lock: no key for the buffer. False: it is an ordinary key.
bool handle_shift(u8 scan, bool extended, bool pressed) {
  switch (scan) {
    case 0x2a:
    case 0x36:
      if (!extended) set_bits(bda::kShift, scan == 0x2a ? kLeftShift : kRightShift, pressed);
      return true;
    case 0x1d:
      set_bits(extended ? bda::kKeyboardMode : u16{bda::kShift + 1}, extended ? kRightControl : kLeftControl, pressed);
      set_bits(bda::kShift, kControl,
               (bda8(bda::kKeyboardMode) & kRightControl) || (bda8(bda::kShift + 1) & kLeftControl));
      return true;
    case 0x38:
      set_bits(extended ? bda::kKeyboardMode : u16{bda::kShift + 1}, extended ? kRightAlt : kLeftAlt, pressed);
      set_bits(bda::kShift, kAlt, (bda8(bda::kKeyboardMode) & kRightAlt) || (bda8(bda::kShift + 1) & kLeftAlt));
      if (!pressed && bda8(bda::kAltKeypad) != 0) {  // the character whose code was typed
        const u8 code = bda8(bda::kAltKeypad);
        set_bda8(bda::kAltKeypad, 0);
        store_key(code);
      }
      return true;
    case 0x3a:
    case 0x45:
    case 0x46: {
      if (extended) return false;
      const u8 lock = scan == 0x3a ? kCapsLock : scan == 0x45 ? kNumLock : kScrollLock;
      const u8 held = bda8(bda::kShift + 1) & lock;
      if (pressed && !held) set_bda8(bda::kShift, shift_flags() ^ lock);
      set_bits(bda::kShift + 1, lock, pressed);
      return true;
    }
    default: return false;
  }
}

[[noreturn]] void restart() {
  set_bda16(bda::kResetFlag, 0x1234);  // a warm start
  send_controller_command(0xfe);
  out8(0xcf9, 0x06);
  idle();
}

// What keys do besides being typed. True: nothing more to do.
bool handle_action(u8 scan, bool extended) {
  const u8 shift = shift_flags();
  if (scan == 0x53 && (shift & (kControl | kAlt)) == (kControl | kAlt)) restart();
  CallRegisters none{};
  if (scan == 0x46 && (extended || (shift & kControl))) {  // Ctrl-Break
    set_bda16(bda::kKeyHead, bda16(bda::kKeyBufferBegin));
    set_bda16(bda::kKeyTail, bda16(bda::kKeyBufferBegin));
    set_bda8(bda::kBreak, 0x80);
    call_interrupt(0x1b, none);
    store_key(0x0000);
    return true;
  }
  if (scan == 0x37 && extended && !(shift & (kControl | kAlt))) {  // Print Screen
    call_interrupt(0x05, none);
    return true;
  }
  if (scan == 0x54) {
    none.a.x = 0x8500;
    call_interrupt(0x15, none);
    return true;
  }
  if (scan >= 0x47 && scan <= 0x52 && !extended && (shift & kAlt) && scan != 0x4a && scan != 0x4e) {
    constexpr u8 kDigit[] = {7, 8, 9, 0, 4, 5, 6, 0, 1, 2, 3, 0};
    set_bda8(bda::kAltKeypad, static_cast<u8>(bda8(bda::kAltKeypad) * 10 + kDigit[scan - 0x47]));
    return true;
  }
  return false;
}

void handle_scan(u8 code) {
  const u8 mode = bda8(bda::kKeyboardMode);
  if (code == 0xe0 || code == 0xe1) return set_bda8(bda::kKeyboardMode, mode | (code == 0xe0 ? kLastE0 : kLastE1));
  const bool extended = mode & kLastE0, pressed = !(code & 0x80);
  const u8 scan = code & 0x7f;
  if (mode & kLastE1) {  // Pause: E1 1D 45, E1 9D C5
    if (scan != 0x1d) set_bda8(bda::kKeyboardMode, mode & static_cast<u8>(~kLastE1));
    return;
  }
  set_bda8(bda::kKeyboardMode, mode & static_cast<u8>(~kLastE0));
  if (!(scan == 0x46 && (shift_flags() & kControl)) && handle_shift(scan, extended, pressed)) return;
  if (!pressed) {
    if (scan == 0x52) set_bits(bda::kShift + 1, kInsert, false);
    if (scan == 0x54) {
      CallRegisters released{};
      released.a.x = 0x8501;
      call_interrupt(0x15, released);
    }
    return;
  }
  if (handle_action(scan, extended)) return;
  if (scan == 0x52 && !(bda8(bda::kShift + 1) & kInsert)) {
    set_bda8(bda::kShift, shift_flags() ^ kInsert);
    set_bits(bda::kShift + 1, kInsert, true);
  }
  const u16 key = translate_key(scan, extended, shift_flags());
  if (key != kNoKey) store_key(key);
}

bool wait_input_empty() {
  for (u32 patience = 0; patience < 50'000; ++patience) {
    if (!(in8(kCommand) & kInputFull)) return true;
  }
  return false;
}

}  // namespace

bool store_key(u16 key) {
  const u16 tail = bda16(bda::kKeyTail), next = next_place(tail);
  if (next == bda16(bda::kKeyHead)) return false;
  set_bda16(tail, key);
  set_bda16(bda::kKeyTail, next);
  return true;
}

bool send_controller_command(u8 command) {
  if (!wait_input_empty()) return false;
  out8(kCommand, command);
  return true;
}

bool send_controller_data(u8 data) {
  if (!wait_input_empty()) return false;
  out8(kData, data);
  return true;
}

int read_controller_data(u32 ms) {
  Deadline deadline = Deadline::after_ms(ms);
  do {
    if (in8(kCommand) & kOutputFull) return in8(kData);
  } while (!deadline.passed());
  return -1;
}

void init_keyboard() {
  set_bda16(bda::kKeyBufferBegin, kBufferBegin);
  set_bda16(bda::kKeyBufferEnd, kBufferEnd);
  set_bda16(bda::kKeyHead, kBufferBegin);
  set_bda16(bda::kKeyTail, kBufferBegin);
  set_bda8(bda::kKeyboardMode, k101Keys);
  for (u32 i = 0; i < 64 && (in8(kCommand) & kOutputFull); ++i) in8(kData);
  constexpr u8 kSelfTest = 0xaa, kPassed = 0x55, kEnable = 0xae, kWriteMode = 0x60;
  if (!send_controller_command(kSelfTest) || read_controller_data(50) != kPassed) return;
  // Keyboard with its interrupt, translated to set 1; the mouse off until somebody asks for it.
  constexpr u8 kMode = 0x65;
  send_controller_command(kEnable);
  constexpr u8 kReset = 0xff, kAcknowledge = 0xfa;
  send_controller_data(kReset);
  if (read_controller_data(50) == kAcknowledge) read_controller_data(500);  // AA: its own test passed
  send_controller_command(kWriteMode);
  send_controller_data(kMode);
  unmask_irq(1);
}

extern "C" void int09(Frame&) {
  const u8 status = in8(kCommand);
  if ((status & kOutputFull) && !(status & kFromMouse)) {
    CallRegisters intercept{};
    intercept.a.x = static_cast<u16>(0x4f00 | in8(kData));
    call_interrupt(0x15, intercept);
    if (intercept.carry()) handle_scan(intercept.a.l);
  }
  end_of_interrupt(1);
}

}  // namespace services
