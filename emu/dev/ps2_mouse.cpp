#include "dev/ps2_mouse.hpp"

#include <algorithm>

namespace paemu {

namespace {

enum Command : u8 {
  kScaling1 = 0xe6,
  kScaling2 = 0xe7,
  kResolution = 0xe8,
  kStatus = 0xe9,
  kStream = 0xea,
  kReadData = 0xeb,
  kResetWrap = 0xec,
  kWrap = 0xee,
  kRemote = 0xf0,
  kIdentify = 0xf2,
  kSampleRate = 0xf3,
  kEnable = 0xf4,
  kDisable = 0xf5,
  kDefaults = 0xf6,
  kResend = 0xfe,
  kReset = 0xff,
};
constexpr u8 kAcknowledge = 0xfa, kSelfTestPassed = 0xaa, kError = 0xfe;

constexpr i32 kMostCounts = 4096;  // kept for a guest that does not read
constexpr u32 kPacketRoom = 8;     // bytes in the queue beyond which movement is gathered instead

}  // namespace

void Ps2Mouse::reset() {
  state_ = State{};
  attention.set(false);
}

u8 Ps2Mouse::take() {
  const u8 byte = state_.queue.take();
  report();
  attention.set(ready());
  return byte;
}

// --- Movement.

void Ps2Mouse::move(i32 dx, i32 dy, i32 dz, u8 buttons) {
  State& s = state_;
  s.buttons = buttons & 0x1f;
  if (!s.reporting && !s.remote) return;
  const auto gather = [](i32& sum, i32 more) { sum = std::clamp(sum + more, -kMostCounts, kMostCounts); };
  gather(s.dx, dx);
  gather(s.dy, dy);
  gather(s.dz, dz);
  report();
  attention.set(ready());
}

// Stream mode: a packet for what was not told yet, while the host keeps up.
void Ps2Mouse::report() {
  State& s = state_;
  if (!s.reporting || s.remote || s.wrap) return;
  while (s.queue.count < kPacketRoom &&
         (s.dx != 0 || s.dy != 0 || (s.id != 0 && s.dz != 0) || s.buttons != s.told_buttons)) {
    send_packet();
  }
}

// Three bytes: overflow, signs and buttons; X to the right; Y up. The fourth is the wheel and the side buttons.
void Ps2Mouse::send_packet() {
  State& s = state_;
  const auto take_up_to = [](i32& sum, i32 least, i32 most) {
    const i32 part = std::clamp(sum, least, most);
    sum -= part;
    return part;
  };
  const i32 x = take_up_to(s.dx, -255, 255), down = take_up_to(s.dy, -255, 255), y = -down;
  answer(static_cast<u8>((s.buttons & 7) | 0x08 | (x < 0 ? 0x10 : 0) | (y < 0 ? 0x20 : 0)));
  answer(static_cast<u8>(x));
  answer(static_cast<u8>(y));
  if (s.id == 3) {
    answer(static_cast<u8>(take_up_to(s.dz, -127, 127)));
  } else if (s.id == 4) {
    const i32 z = take_up_to(s.dz, -7, 7);
    answer(static_cast<u8>((z & 0x0f) | (s.buttons & 0x18) << 1));
  } else {
    s.dz = 0;
  }
  s.told_buttons = s.buttons;
}

// --- Commands.

void Ps2Mouse::set_defaults() {
  State& s = state_;
  s.resolution = 2;
  s.rate = 100;
  s.reporting = s.remote = s.scaling = false;
  s.dx = s.dy = s.dz = 0;
}

// Rates 200, 100, 80 in a row turn the wheel on; 200, 200, 80 the side buttons.
void Ps2Mouse::note_rate(u8 rate) {
  State& s = state_;
  if (s.rates[0] == 200 && rate == 80) {
    if (s.rates[1] == 100) s.id = 3;
    if (s.rates[1] == 200) s.id = 4;
  }
  s.rates[0] = s.rates[1];
  s.rates[1] = rate;
  s.rate = rate;
}

void Ps2Mouse::argument(u8 command, u8 byte) {
  if (command == kResolution && byte > 3) return answer(kError);
  answer(kAcknowledge);
  if (command == kSampleRate)
    note_rate(byte);
  else
    state_.resolution = byte;
}

void Ps2Mouse::receive(u8 byte) {
  State& s = state_;
  if (s.wrap && byte != kResetWrap && byte != kReset) {
    answer(byte);
  } else if (byte == kResend) {
    answer(s.queue.last);
  } else {
    // A command ends what was being sent.
    s.queue.clear();
    const u8 pending = s.pending;
    s.pending = 0;
    if (pending != 0)
      argument(pending, byte);
    else
      command(byte);
  }
  attention.set(ready());
}

void Ps2Mouse::command(u8 byte) {
  State& s = state_;
  if (byte < kScaling1 || byte == 0xed || byte == 0xef || byte == 0xf1 || (byte > kDefaults && byte < kResend)) {
    return answer(kError);
  }
  answer(kAcknowledge);
  switch (byte) {
    case kScaling1:
    case kScaling2: s.scaling = byte == kScaling2; break;
    case kResolution:
    case kSampleRate: s.pending = byte; break;
    case kStatus:
      answer(static_cast<u8>((s.remote ? 0x40 : 0) | (s.reporting ? 0x20 : 0) | (s.scaling ? 0x10 : 0) |
                             (s.buttons & 1) << 2 | (s.buttons >> 2 & 1) << 1 | (s.buttons >> 1 & 1)));
      answer(s.resolution);
      answer(s.rate);
      break;
    case kStream:
      s.remote = false;
      s.dx = s.dy = s.dz = 0;
      break;
    case kReadData: send_packet(); break;
    case kResetWrap: s.wrap = false; break;
    case kWrap: s.wrap = true; break;
    case kRemote:
      s.remote = true;
      s.dx = s.dy = s.dz = 0;
      break;
    case kIdentify: answer(s.id); break;
    case kEnable:
      s.reporting = true;
      s.dx = s.dy = s.dz = 0;
      s.told_buttons = s.buttons;
      break;
    case kDisable: s.reporting = false; break;
    case kDefaults: set_defaults(); break;
    case kReset:
      set_defaults();
      s.wrap = false;
      s.id = 0;
      s.rates[0] = s.rates[1] = 0;
      answer(kSelfTestPassed);
      answer(0x00);
      break;
    default: break;
  }
}

}  // namespace paemu
