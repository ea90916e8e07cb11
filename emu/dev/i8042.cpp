// Port 0x64 read: D0 output full, D1 input full, D2 system flag, D3 last write was a command, D4 keyboard not locked,
// D5 the output is the mouse's. Writes are taken at once, so the input buffer is always empty: a guest that waits for
// it never hangs.
#include "dev/i8042.hpp"

#include <algorithm>

#include "dev/scan_codes.hpp"

namespace paemu {

namespace {

constexpr u8 kOutputFull = 0x01, kSystemFlag = 0x04, kWasCommand = 0x08, kUnlocked = 0x10, kFromMouse = 0x20;  // status
constexpr u8 kKeyboardInterrupt = 0x01, kMouseInterrupt = 0x02, kKeyboardOff = 0x10, kMouseOff = 0x20,
             kTranslate = 0x40;                        // command byte
constexpr u8 kNotReset = 0x01, kA20 = 0x02;            // output port
constexpr u8 kKeyboardFull = 0x10, kMouseFull = 0x20;  // output port as read: the interrupt lines

// Controller commands, port 0x64.
enum Command : u8 {
  kReadMemory = 0x20,   // to 0x3f
  kWriteMemory = 0x60,  // to 0x7f
  kTestPassword = 0xa4,
  kDisableMouse = 0xa7,
  kEnableMouse = 0xa8,
  kTestMouse = 0xa9,
  kSelfTest = 0xaa,
  kTestKeyboard = 0xab,
  kDisableKeyboard = 0xad,
  kEnableKeyboard = 0xae,
  kReadVersion = 0xaf,
  kReadInputPort = 0xc0,
  kReadOutputPort = 0xd0,
  kWriteOutputPort = 0xd1,
  kWriteKeyboardOutput = 0xd2,
  kWriteMouseOutput = 0xd3,
  kWriteMouse = 0xd4,
  kDisableA20 = 0xdd,
  kEnableA20 = 0xdf,
  kReadTestInputs = 0xe0,
  kPulseFirst = 0xf0,
};
constexpr u8 kSelfTestPassed = 0x55, kNoPassword = 0xf1, kNotLocked = 0x80;

}  // namespace

I8042::I8042(Callbacks callbacks, Ps2Device& keyboard, Ps2Device& mouse)
    : callbacks_(std::move(callbacks)), keyboard_(keyboard), mouse_(mouse), data_(*this), command_(*this) {}

void I8042::reset() {
  state_ = State{};
  update_irqs();
}

// --- The output buffer.

void I8042::put(u8 byte, From from) {
  state_.output = byte;
  state_.from = from;
  state_.full = true;
  update_irqs();
}

// What the controller says itself comes before what devices have.
void I8042::reply(u8 byte, From from) {
  State& s = state_;
  if (s.reply_count < kReplies) s.replies[s.reply_count++] = Reply{byte, from};
  fill();
}

// Set 2 to set 1: f0 becomes the top bit of the code behind it. False: nothing comes out of this byte.
bool I8042::translated(u8& byte) {
  State& s = state_;
  if (!(s.command_byte & kTranslate)) return true;
  if (byte == scan_codes::kBreak2) {
    s.release = true;
    return false;
  }
  const u8 code = scan_codes::translate(byte);
  byte = s.release && code < 0x80 ? static_cast<u8>(code | scan_codes::kBreak1) : code;
  s.release = false;
  return true;
}

void I8042::fill() {
  State& s = state_;
  if (filling_) return;
  filling_ = true;
  while (!s.full) {
    if (s.reply_count != 0) {
      const Reply next = s.replies[0];
      std::copy(s.replies + 1, s.replies + s.reply_count, s.replies);
      --s.reply_count;
      put(next.byte, next.from);
    } else if (keyboard_.ready() && !(s.command_byte & kKeyboardOff)) {
      u8 byte = keyboard_.take();
      if (translated(byte)) put(byte, From::kKeyboard);
    } else if (mouse_.ready() && !(s.command_byte & kMouseOff)) {
      put(mouse_.take(), From::kMouse);
    } else {
      break;
    }
  }
  filling_ = false;
}

void I8042::set_line(u32, bool level) {
  if (level) fill();
}

void I8042::update_irqs() {
  const State& s = state_;
  const bool mouse = s.from == From::kMouse;
  keyboard_irq.set(s.full && !mouse && (s.command_byte & kKeyboardInterrupt) != 0);
  mouse_irq.set(s.full && mouse && (s.command_byte & kMouseInterrupt) != 0);
}

u8 I8042::read_data() {
  State& s = state_;
  const u8 byte = s.output;
  if (!s.full) return byte;
  s.full = false;
  // One edge a byte.
  update_irqs();
  fill();
  return byte;
}

u8 I8042::status() const {
  const State& s = state_;
  return static_cast<u8>(kUnlocked | (s.command_byte & kSystemFlag) | (s.full ? kOutputFull : 0) |
                         (s.command_written ? kWasCommand : 0) | (s.full && s.from == From::kMouse ? kFromMouse : 0));
}

// --- Commands.

void I8042::write_output_port(u8 value) {
  state_.output_port = value;
  callbacks_.set_a20((value & kA20) != 0);
  if ((value & kNotReset) == 0) callbacks_.reset();
}

void I8042::write_command_byte(u8 value) {
  state_.command_byte = value;
  update_irqs();
  fill();
}

void I8042::write_command(u8 value) {
  State& s = state_;
  s.pending_command = 0;
  s.command_written = true;
  if (value >= kReadMemory && value < kReadMemory + 0x20) {
    return reply(value == kReadMemory ? s.command_byte : s.memory[value - kReadMemory]);
  }
  switch (value) {
    case kTestPassword: return reply(kNoPassword);
    case kDisableMouse: return write_command_byte(s.command_byte | kMouseOff);
    case kEnableMouse: return write_command_byte(s.command_byte & static_cast<u8>(~kMouseOff));
    case kTestMouse:
    case kTestKeyboard: return reply(0x00);
    case kSelfTest: s.command_byte |= kSystemFlag; return reply(kSelfTestPassed);
    case kDisableKeyboard: return write_command_byte(s.command_byte | kKeyboardOff);
    case kEnableKeyboard: return write_command_byte(s.command_byte & static_cast<u8>(~kKeyboardOff));
    case kReadVersion:
    case kReadTestInputs: return reply(0x00);
    case kReadInputPort: return reply(kNotLocked);
    case kReadOutputPort: {
      const u8 lines = static_cast<u8>(!s.full ? 0 : s.from == From::kMouse ? kMouseFull : kKeyboardFull);
      return reply(static_cast<u8>((s.output_port & ~(kMouseFull | kKeyboardFull)) | lines));
    }
    case kDisableA20: return write_output_port(s.output_port & static_cast<u8>(~kA20));
    case kEnableA20: return write_output_port(s.output_port | kA20);
    case kWriteOutputPort:
    case kWriteKeyboardOutput:
    case kWriteMouseOutput:
    case kWriteMouse: s.pending_command = value; return;
    default: break;
  }
  if (value >= kWriteMemory && value < kWriteMemory + 0x20) s.pending_command = value;
  // 0xf0-0xff pulse the low bits of the output port that are clear: bit 0 is the processor's reset.
  if (value >= kPulseFirst && (value & kNotReset) == 0) callbacks_.reset();
}

void I8042::write_data(u8 value) {
  State& s = state_;
  const u8 command = s.pending_command;
  s.pending_command = 0;
  s.command_written = false;
  switch (command) {
    case kWriteMemory: return write_command_byte(value);
    case kWriteOutputPort: return write_output_port(value);
    case kWriteKeyboardOutput: return reply(value, From::kKeyboard);
    case kWriteMouseOutput: return reply(value, From::kMouse);
    case kWriteMouse: mouse_.receive(value); return fill();
    default: break;
  }
  if (command > kWriteMemory && command < kWriteMemory + 0x20) {
    s.memory[command - kWriteMemory] = value;
    return;
  }
  // A byte for the keyboard lets its clock go.
  s.command_byte &= static_cast<u8>(~kKeyboardOff);
  s.release = false;
  keyboard_.receive(value);
  fill();
}

}  // namespace paemu
