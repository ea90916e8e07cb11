#include "dev/tty.hpp"

#include "arch/interrupts.hpp"
#include "dev/termios.hpp"
#include "lib/process.hpp"
#include "lib/string.hpp"
#include "mm/uaccess.hpp"

namespace ido {

using namespace termios;

namespace {
constexpr u8 kDelete = 0x7f;
constexpr i32 kSigInt = 2, kSigQuit = 3, kSigTstp = 20, kSigTtin = 21, kSigWinch = 28;
constexpr u8 ctrl(char c) { return static_cast<u8>(c & 0x1f); }
}  // namespace

Tty::Tty(const char* name, u32 number, void (*send)(const char*, u32)) : name_(name), number_(number), write_(send) {
  termios_.input = kICrNl | kIXOn;
  termios_.output = kOPost | kONlCr;
  termios_.control = kDefaultControl;
  termios_.local = kISig | kICanon | kEcho | kEchoE | kEchoK | kEchoCtl | kEchoKe | kIExten;
  u8* c = termios_.characters;
  c[kVIntr] = ctrl('C'), c[kVQuit] = ctrl('\\'), c[kVErase] = kDelete, c[kVKill] = ctrl('U');
  c[kVEof] = ctrl('D'), c[kVMin] = 1, c[kVStart] = ctrl('Q'), c[kVStop] = ctrl('S'), c[kVSusp] = ctrl('Z');
  c[kVReprint] = ctrl('R'), c[kVWErase] = ctrl('W'), c[kVLNext] = ctrl('V');
}

bool Tty::canonical() const { return (termios_.local & kICanon) != 0; }

bool Tty::signal_for(u8 c, i32& signal) const {
  if (!(termios_.local & kISig) || c == 0) return false;
  if (c == termios_.characters[kVIntr])
    signal = kSigInt;
  else if (c == termios_.characters[kVQuit])
    signal = kSigQuit;
  else if (c == termios_.characters[kVSusp])
    signal = kSigTstp;
  else
    return false;
  return true;
}

void Tty::put_output(char c) {
  if ((termios_.output & kOPost) && (termios_.output & kONlCr) && c == '\n')
    write_("\r\n", 2);
  else
    write_(&c, 1);
}

void Tty::echo(u8 c) {
  if (!(termios_.local & kEcho)) {
    if (c == '\n' && canonical() && (termios_.local & kEchoNl)) put_output('\n');
    return;
  }
  if (c < ' ' && c != '\n' && c != '\t' && (termios_.local & kEchoCtl)) {
    put_output('^');
    put_output(static_cast<char>(c + '@'));
  } else {
    put_output(static_cast<char>(c));
  }
}

void Tty::flush_input() { first_ = count_ = line_end_ = lines_ = 0; }

void Tty::erase_one() {
  const u8 gone = queue_[(first_ + --count_) % kQueue];
  if (!(termios_.local & kEcho) || !(termios_.local & kEchoE)) return;
  const bool two_columns = gone < ' ' && gone != '\t' && (termios_.local & kEchoCtl);
  for (u32 i = 0; i < (two_columns ? 2u : 1u); ++i) write_("\b \b", 3);
}

// Line editing; true when the character was an editing one.
bool Tty::edit(u8 c) {
  const u8* special = termios_.characters;
  if (c == special[kVErase] || c == '\b') {
    if (count_ > line_end_) erase_one();
  } else if (c == special[kVKill]) {
    while (count_ > line_end_) erase_one();
  } else if (c == special[kVWErase] && (termios_.local & kIExten)) {
    const auto last = [&] { return queue_[(first_ + count_ - 1) % kQueue]; };
    while (count_ > line_end_ && last() == ' ') erase_one();
    while (count_ > line_end_ && last() != ' ') erase_one();
  } else {
    return false;
  }
  return true;
}

void Tty::receive(u8 c) {
  i32 signal = 0;
  if (signal_for(c, signal)) {
    if (!(termios_.local & kNoFlush)) flush_input();
    echo(c);
    if (foreground_group > 0) signal_process_group(foreground_group, signal);
    input_.wake_all();
    return;
  }
  if (c == '\r') {
    if (termios_.input & kIgnCr) return;
    if (termios_.input & kICrNl) c = '\n';
  } else if (c == '\n' && (termios_.input & kINlCr)) {
    c = '\r';
  }
  if (canonical()) {
    if (edit(c)) return;
    const bool end_of_file = c == termios_.characters[kVEof];
    if (!end_of_file) echo(c);
    // One place stays free for the end of the line, as termios(3) has it: a full line can still be ended.
    const bool ends = c == '\n' || end_of_file || (c != 0 && c == termios_.characters[kVEol]);
    if (!ends && count_ + 1 >= kQueue) return;
    put(end_of_file ? 0 : c);
    if (!ends) return;
    line_end_ = count_;
    ++lines_;
  } else {
    echo(c);
    put(c);
  }
  input_.wake_all();
  source_.changed();
}

u32 Tty::readable() const { return canonical() ? line_end_ : count_; }

Or<u32> Tty::read(fs::Buffer& buffer, bool block) {
  if (session != 0 && session == current_session() && foreground_group != 0 &&
      foreground_group != current_process_group()) {
    signal_process_group(current_process_group(), kSigTtin);
    return fail(Errno::kRestartSys);
  }
  if (buffer.left() == 0) return 0;
  for (;;) {
    InterruptGuard guard;
    if (readable() > 0) break;
    if (!canonical() && termios_.characters[kVMin] == 0) {
      const u8 tenths = termios_.characters[kVTime];
      if (tenths == 0) return 0;
      auto waited = input_.wait_interruptible_for(u64{tenths} * 100'000'000);
      if (!waited.ok() && waited.error() == Errno::kTimedOut) return 0;
      if (!waited.ok()) return fail(waited.error());
      continue;
    }
    if (!block) return fail(Errno::kAgain);
    TRY(input_.wait_interruptible());
  }
  const u32 before = buffer.done();
  while (buffer.left() > 0) {
    u8 c;
    bool line_ended = false;
    {
      InterruptGuard guard;
      if (readable() == 0) break;
      c = queue_[first_];
      first_ = (first_ + 1) % kQueue;
      --count_;
      if (canonical()) {
        --line_end_;
        line_ended = c == '\n' || c == 0 || (c == termios_.characters[kVEol]);
        if (line_ended) --lines_;
      }
    }
    if (c == 0 && line_ended) break;  // end of file: ends the read, and is not part of it
    TRY(buffer.give(&c, 1));
    if (line_ended) break;
  }
  return buffer.done() - before;
}

Or<u32> Tty::write(fs::Buffer& buffer) {
  const u32 before = buffer.done();
  char chunk[128];
  while (buffer.left() > 0) {
    const u32 n = buffer.left() < sizeof chunk ? buffer.left() : static_cast<u32>(sizeof chunk);
    TRY(buffer.take(chunk, n));
    for (u32 i = 0; i < n; ++i) put_output(chunk[i]);
  }
  return buffer.done() - before;
}

u32 Tty::poll() { return (readable() > 0 ? fs::poll_bit::kIn : 0) | fs::poll_bit::kOut; }

Or<u32> Tty::control(u32 request, u32 argument) {
  switch (request) {
    case kTcGets: TRY(put_user(argument, termios_)); return 0;
    case kTcSetsF: {
      InterruptGuard guard;
      flush_input();
    }
      [[fallthrough]];
    case kTcSets:
    case kTcSetsW: {
      const Termios wanted = TRY(get_user<Termios>(argument));
      InterruptGuard guard;
      const bool was_canonical = canonical();
      termios_ = wanted;
      if (was_canonical && !canonical()) line_end_ = lines_ = 0;
      if (!was_canonical && canonical()) line_end_ = count_;
      input_.wake_all();
      return 0;
    }
    case kTcFlush: {
      InterruptGuard guard;
      if (argument == 0 || argument == 2) flush_input();
      return 0;
    }
    case kTcSBrk:
    case kTcSBrkP:
    case kTcXonc: return 0;
    case kTiocGWinSz: TRY(put_user(argument, window_)); return 0;
    case kTiocSWinSz:
      window_ = TRY(get_user<WindowSize>(argument));
      if (foreground_group > 0) signal_process_group(foreground_group, kSigWinch);
      return 0;
    case kTiocSCtty:
      if (current_process_id() != current_session()) return fail(Errno::kPerm);
      session = current_session();
      foreground_group = current_process_group();
      return 0;
    case kTiocNoTty:
      if (session == current_session()) session = foreground_group = 0;
      return 0;
    case kTiocGPgrp:
      if (session == 0 || session != current_session()) return fail(Errno::kNotTy);
      TRY(put_user(argument, foreground_group));
      return 0;
    case kTiocSPgrp:
      if (session == 0 || session != current_session()) return fail(Errno::kNotTy);
      foreground_group = TRY(get_user<i32>(argument));
      return 0;
    case kTiocGSid: TRY(put_user(argument, session)); return 0;
    case kTiocOutQ: TRY(put_user(argument, u32{0})); return 0;
    case kFionRead: TRY(put_user(argument, readable())); return 0;
    default: return fail(Errno::kNotTy);
  }
}

}  // namespace ido
