#include "dev/ps2_keyboard.hpp"

#include "dev/scan_codes.hpp"

namespace paemu {

namespace {

enum Command : u8 {
  kSetLeds = 0xed,
  kEcho = 0xee,
  kScanCodeSet = 0xf0,
  kIdentify = 0xf2,
  kTypematic = 0xf3,
  kEnable = 0xf4,
  kDefaultsAndDisable = 0xf5,
  kDefaults = 0xf6,
  kAllTypematic = 0xf7,  // f7 to fa: all keys; fb to fd: the keys that follow
  kAllMakeBreak = 0xf8,
  kAllMake = 0xf9,
  kAllTypematicMakeBreak = 0xfa,
  kKeyTypematic = 0xfb,
  kKeyMakeBreak = 0xfc,
  kKeyMake = 0xfd,
  kResend = 0xfe,
  kReset = 0xff,
};
constexpr u8 kAcknowledge = 0xfa, kSelfTestPassed = 0xaa, kSayAgain = 0xfe;
constexpr u8 kDefaultTypematic = 0x2b;  // 10.9 a second after half a second

// Command f3: bits 5 and 6 the delay in quarters of a second, less one; bits 0 to 4 the period, (8 + A) * 2^B * 4.17
// ms.
constexpr u64 delay_ns(u8 typematic) { return (1 + (typematic >> 5 & 3)) * u64{250'000'000}; }
constexpr u64 period_ns(u8 typematic) { return u64{8u + (typematic & 7u)} * (1u << (typematic >> 3 & 3)) * 4'170'000; }

}  // namespace

Ps2Keyboard::Ps2Keyboard(EventQueue& events, const VirtualClock& clock)
    : events_(events), clock_(clock), repeat_(events.add("keyboard.repeat", *this)) {}

void Ps2Keyboard::reset() {
  stop_repeating();
  state_ = State{};
  attention.set(false);
}

u8 Ps2Keyboard::take() {
  const u8 byte = state_.queue.take();
  attention.set(ready());
  return byte;
}

void Ps2Keyboard::answer(u8 byte) { state_.queue.push(byte); }

// --- Keys.

void Ps2Keyboard::keys(std::span<const u8> codes) {
  State& s = state_;
  for (const u8 code : codes) {
    if (s.pause_bytes != 0) {
      if (--s.pause_bytes == 0 && code < scan_codes::kBreak1) send_pause();
    } else if (code == scan_codes::kPause) {
      s.pause_bytes = 2;
    } else if (code == scan_codes::kExtended) {
      s.prefix = code;
    } else {
      const u8 name = code & 0x7f;
      if (name != 0) key(name, s.prefix != 0, (code & scan_codes::kBreak1) == 0);
      s.prefix = 0;
    }
  }
  attention.set(ready());
}

void Ps2Keyboard::key(u8 code, bool extended, bool down) {
  State& s = state_;
  if (!s.scanning) return;
  send_key(code, extended, down);
  if (down) {
    s.held = code;
    s.held_extended = extended;
    if (s.repeats) start_repeating(clock_.now() + delay_ns(s.typematic));
  } else if (s.held == code && s.held_extended == extended) {
    stop_repeating();
  }
}

bool Ps2Keyboard::send_key(u8 code, bool extended, bool down) {
  State& s = state_;
  constexpr u32 kLongest = 3;
  if (s.queue.room() < kLongest) return false;
  if (s.set == 1) {
    if (extended) answer(scan_codes::kExtended);
    answer(static_cast<u8>(code | (down ? 0 : scan_codes::kBreak1)));
    return true;
  }
  if (s.set == 3 && !down && !s.breaks) return true;
  const u8 own = s.set == 2 ? scan_codes::set2(code) : scan_codes::set3(code, extended);
  if (own == 0) return true;
  if (s.set == 2 && extended) answer(scan_codes::kExtended);
  if (!down) answer(scan_codes::kBreak2);
  answer(own);
  return true;
}

// Pause tells make and break at once, and does not repeat.
void Ps2Keyboard::send_pause() {
  static constexpr u8 kSet1[] = {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5},
                      kSet2[] = {0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77};
  static constexpr u8 kSet3[] = {0x62, 0xf0, 0x62};
  State& s = state_;
  if (!s.scanning || s.queue.room() < sizeof kSet2) return;
  const std::span<const u8> bytes = s.set == 1   ? std::span<const u8>(kSet1)
                                    : s.set == 2 ? std::span<const u8>(kSet2)
                                                 : std::span<const u8>(kSet3);
  for (const u8 byte : bytes) answer(byte);
}

void Ps2Keyboard::start_repeating(Ticks when) { events_.arm(repeat_, when); }

void Ps2Keyboard::stop_repeating() {
  state_.held = 0;
  events_.disarm(repeat_);
}

void Ps2Keyboard::on_event(u32, Ticks now) {
  State& s = state_;
  if (s.held == 0 || !s.scanning) return;
  // A guest that does not read gets no heap of repetitions.
  if (s.queue.count == 0) send_key(s.held, s.held_extended, true);
  start_repeating(now + period_ns(s.typematic));
  attention.set(ready());
}

// --- Commands.

void Ps2Keyboard::set_defaults() {
  State& s = state_;
  s.set = 2;
  s.typematic = kDefaultTypematic;
  s.repeats = s.breaks = true;
}

void Ps2Keyboard::argument(u8 command, u8 byte) {
  State& s = state_;
  answer(kAcknowledge);
  switch (command) {
    case kSetLeds: s.leds = byte & 7; break;
    case kTypematic: s.typematic = byte & 0x7f; break;
    case kScanCodeSet:
      if (byte == 0)
        answer(s.set);
      else if (byte <= 3)
        s.set = byte;
      break;
    default: break;
  }
}

void Ps2Keyboard::receive(u8 byte) {
  State& s = state_;
  const u8 pending = s.pending;
  if (byte == kResend) {
    answer(s.queue.last);
    return attention.set(ready());
  }
  // A command ends what was being sent.
  s.queue.clear();
  s.pending = 0;
  // A command in the place of an argument is that command; lists of keys end so.
  if (pending != 0 && byte < kSetLeds) {
    argument(pending, byte);
    if (pending >= kKeyTypematic) s.pending = pending;
    return attention.set(ready());
  }
  switch (byte) {
    case kEcho: answer(kEcho); break;
    case kSetLeds:
    case kTypematic:
    case kScanCodeSet:
    case kKeyTypematic:
    case kKeyMakeBreak:
    case kKeyMake:
      s.pending = byte;
      answer(kAcknowledge);
      break;
    case kIdentify:
      answer(kAcknowledge);
      answer(0xab);
      answer(0x83);
      break;
    case kEnable:
      s.scanning = true;
      answer(kAcknowledge);
      break;
    case kDefaultsAndDisable:
    case kDefaults:
      set_defaults();
      s.scanning = byte == kDefaults;
      stop_repeating();
      answer(kAcknowledge);
      break;
    case kAllTypematic:
    case kAllMakeBreak:
    case kAllMake:
    case kAllTypematicMakeBreak:
      s.repeats = byte == kAllTypematic || byte == kAllTypematicMakeBreak;
      s.breaks = byte == kAllMakeBreak || byte == kAllTypematicMakeBreak;
      answer(kAcknowledge);
      break;
    case kReset:
      set_defaults();
      s.leds = 0;
      s.scanning = true;
      stop_repeating();
      answer(kAcknowledge);
      answer(kSelfTestPassed);
      break;
    default: answer(kSayAgain);
  }
  attention.set(ready());
}

}  // namespace paemu
