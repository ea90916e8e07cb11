// Port 0x64 read: D0 output full, D1 input full, D2 system flag, D3 last write was a command, D4 keyboard not locked.
// Writes are taken at once, so the input buffer is always empty: a guest that waits for it never hangs.
#include "dev/i8042.hpp"

namespace paemu {

namespace {

constexpr u8 kOutputFull = 0x01, kSystemFlag = 0x04, kUnlocked = 0x10;  // status
constexpr u8 kInterrupt = 0x01, kKeyboardOff = 0x10;                    // command byte
constexpr u8 kNotReset = 0x01, kA20 = 0x02;                             // output port

// Controller commands, port 0x64.
enum Command : u8 {
  kReadCommandByte = 0x20,
  kWriteCommandByte = 0x60,
  kDisableAux = 0xa7,
  kEnableAux = 0xa8,
  kTestAux = 0xa9,
  kSelfTest = 0xaa,
  kTestKeyboard = 0xab,
  kDisableKeyboard = 0xad,
  kEnableKeyboard = 0xae,
  kReadInputPort = 0xc0,
  kReadOutputPort = 0xd0,
  kWriteOutputPort = 0xd1,
  kWriteOutputBuffer = 0xd2,
  kWriteAux = 0xd4,
  kDisableA20 = 0xdd,
  kEnableA20 = 0xdf,
  kPulseFirst = 0xf0,
};

// Keyboard commands, port 0x60.
enum KeyboardCommand : u8 {
  kSetLeds = 0xed,
  kEcho = 0xee,
  kScanCodeSet = 0xf0,
  kIdentify = 0xf2,
  kTypematic = 0xf3,
  kEnableScanning = 0xf4,
  kDisableScanning = 0xf5,
  kDefaults = 0xf6,
  kReset = 0xff,
};
constexpr u8 kAcknowledge = 0xfa, kResend = 0xfe, kSelfTestPassed = 0xaa;

}  // namespace

I8042::I8042(Callbacks callbacks) : callbacks_(std::move(callbacks)), data_(*this), command_(*this) {}

void I8042::reset() {
  state_ = State{};
  update_irq();
}

void I8042::push(u8 byte) {
  if (state_.count == kQueueSize) return;
  state_.queue[(state_.first + state_.count++) % kQueueSize] = byte;
  update_irq();
}

void I8042::keys(std::span<const u8> scan_codes) {
  if (!state_.scanning || (state_.command_byte & kKeyboardOff) != 0) return;
  for (u8 code : scan_codes) push(code);
}

void I8042::update_irq() { irq.set(state_.count > 0 && (state_.command_byte & kInterrupt) != 0); }

u8 I8042::status() const {
  return static_cast<u8>(kUnlocked | (state_.command_byte & kSystemFlag) | (state_.count > 0 ? kOutputFull : 0));
}

u8 I8042::read_data() {
  const u8 byte = state_.queue[state_.first];
  if (state_.count == 0) return byte;
  state_.first = (state_.first + 1) % kQueueSize;
  --state_.count;
  // One edge a byte.
  irq.set(false);
  update_irq();
  return byte;
}

void I8042::write_output_port(u8 value) {
  state_.output_port = value;
  callbacks_.set_a20((value & kA20) != 0);
  if ((value & kNotReset) == 0) callbacks_.reset();
}

void I8042::write_command(u8 value) {
  state_.pending_command = 0;
  switch (value) {
    case kReadCommandByte: push(state_.command_byte); break;
    case kSelfTest:
      state_.command_byte |= kSystemFlag;
      push(0x55);
      break;
    case kTestKeyboard: push(0x00); break;
    case kTestAux: push(0xff); break;  // nothing on the second port
    case kDisableKeyboard: state_.command_byte |= kKeyboardOff; break;
    case kEnableKeyboard: state_.command_byte &= static_cast<u8>(~kKeyboardOff); break;
    case kReadInputPort: push(0x80); break;  // not locked
    case kReadOutputPort: push(state_.output_port); break;
    case kDisableA20: write_output_port(state_.output_port & static_cast<u8>(~kA20)); break;
    case kEnableA20: write_output_port(state_.output_port | kA20); break;
    case kWriteCommandByte:
    case kWriteOutputPort:
    case kWriteOutputBuffer:
    case kWriteAux: state_.pending_command = value; break;
    default:
      // 0xf0-0xff pulse the low bits of the output port that are clear: bit 0 is the processor's reset.
      if (value >= kPulseFirst && (value & kNotReset) == 0) callbacks_.reset();
  }
}

void I8042::write_data(u8 value) {
  const u8 command = state_.pending_command;
  state_.pending_command = 0;
  switch (command) {
    case kWriteCommandByte:
      state_.command_byte = value;
      update_irq();
      break;
    case kWriteOutputPort: write_output_port(value); break;
    case kWriteOutputBuffer: push(value); break;
    case kWriteAux: break;  // nobody answers
    default: write_keyboard(value);
  }
}

void I8042::write_keyboard(u8 value) {
  if (state_.keyboard_command != 0) {
    // The byte of LEDs, typematic rate or scan code set: taken, and without effect. Set 0 asks which set: 1 as seen
    // here.
    const bool asks = state_.keyboard_command == kScanCodeSet && value == 0;
    state_.keyboard_command = 0;
    push(kAcknowledge);
    if (asks) push(0x41);
    return;
  }
  switch (value) {
    case kEcho: push(kEcho); break;
    case kSetLeds:
    case kTypematic:
    case kScanCodeSet:
      state_.keyboard_command = value;
      push(kAcknowledge);
      break;
    case kIdentify:
      push(kAcknowledge);
      push(0xab);
      push(0x41);  // a translated MF2 keyboard
      break;
    case kEnableScanning:
    case kDefaults:
      state_.scanning = true;
      push(kAcknowledge);
      break;
    case kDisableScanning:
      state_.scanning = false;
      push(kAcknowledge);
      break;
    case kReset:
      state_.scanning = true;
      push(kAcknowledge);
      push(kSelfTestPassed);
      break;
    default: push(kResend);
  }
}

}  // namespace paemu
