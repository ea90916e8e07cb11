// The line discipline: what comes in, and what goes out. Requests are in tty_control.cpp.
#include "dev/tty.hpp"

#include "arch/interrupts.hpp"
#include "lib/process.hpp"

namespace ido {

using namespace termios;

namespace {
constexpr u8 kDelete = 0x7f;
constexpr i32 kSigInt = 2, kSigQuit = 3, kSigTstp = 20, kSigTtin = 21, kSigTtou = 22;
constexpr u8 ctrl(char c) { return static_cast<u8>(c & 0x1f); }
constexpr u8 kEndOfFile = 0;  // in the queue, ends a line: Ctrl-D
}  // namespace

Tty::Tty(TtyLine& line, u32 number) : line_(line), number_(number) {
  termios_.input = kICrNl | kIXOn;
  termios_.output = kOPost | kONlCr;
  termios_.control = kDefaultControl | kBaud115200;
  termios_.local = kISig | kICanon | kEcho | kEchoE | kEchoK | kEchoCtl | kEchoKe | kIExten;
  u8* c = termios_.characters;
  c[kVIntr] = ctrl('C'), c[kVQuit] = ctrl('\\'), c[kVErase] = kDelete, c[kVKill] = ctrl('U');
  c[kVEof] = ctrl('D'), c[kVMin] = 1, c[kVStart] = ctrl('Q'), c[kVStop] = ctrl('S'), c[kVSusp] = ctrl('Z');
  c[kVReprint] = ctrl('R'), c[kVDiscard] = ctrl('O'), c[kVWErase] = ctrl('W'), c[kVLNext] = ctrl('V');
}

// --- Output.

// One character with its processing; false: the line has no room.
bool Tty::put_output(char c) {
  const bool processed = (termios_.output & kOPost) != 0;
  if (processed && c == '\n' && (termios_.output & kONlCr)) {
    if (line_.send("\r\n", 2) == 0) return false;
    column_ = 0;
    return true;
  }
  if (processed && c == '\r' && (termios_.output & kOCrNl)) c = '\n';
  if (processed && c == '\r' && (termios_.output & kONoCr) && column_ == 0) return true;
  if (processed && c == '\t' && (termios_.output & kXTabs) == kXTabs) {
    const u32 blanks = 8 - column_ % 8;
    if (line_.send("        ", blanks) == 0) return false;
    column_ += blanks;
    return true;
  }
  if (line_.send(&c, 1) == 0) return false;
  if (c == '\r' || c == '\n')
    column_ = c == '\n' && !(termios_.output & kOnlRet) ? column_ : 0;
  else if (c == '\t')
    column_ = (column_ | 7) + 1;
  else if (c == '\b')
    column_ -= column_ > 0 ? 1 : 0;
  else if (static_cast<u8>(c) >= ' ')
    ++column_;
  return true;
}

void Tty::echo(u8 c) {
  if (!local(kEcho)) {
    if (c == '\n' && canonical() && local(kEchoNl)) put_output('\n');
    return;
  }
  if ((c < ' ' || c == kDelete) && c != '\n' && c != '\t' && local(kEchoCtl)) {
    put_output('^');
    put_output(static_cast<char>(c ^ 0x40));
  } else {
    put_output(static_cast<char>(c));
  }
}

void Tty::room() {
  output_.wake_all();
  source_.changed();
}

Or<u32> Tty::write(fs::Buffer& buffer, bool block) {
  if (hung_up_) return fail(Errno::kIo);
  if (local(kToStop)) TRY(keep_background_out(kSigTtou));
  const u32 before = buffer.done();
  char chunk[128];
  while (buffer.left() > 0) {
    const u32 n = buffer.left() < sizeof chunk ? buffer.left() : static_cast<u32>(sizeof chunk);
    const u32 start = buffer.done();
    TRY(buffer.take(chunk, n));
    for (u32 i = 0; i < n;) {
      const InterruptGuard guard;
      if (!stopped_ && put_output(chunk[i])) {
        ++i;
        continue;
      }
      buffer.back_to(start + i);
      const u32 moved = buffer.done() - before;
      if (hung_up_) return moved > 0 ? Or<u32>(moved) : Or<u32>(fail(Errno::kIo));
      if (!block) return moved > 0 ? Or<u32>(moved) : Or<u32>(fail(Errno::kAgain));
      if (auto waited = output_.wait_interruptible(); !waited.ok())
        return moved > 0 ? Or<u32>(moved) : Or<u32>(fail(waited.error()));
      break;  // takes the rest anew
    }
  }
  return buffer.done() - before;
}

// --- Input.

void Tty::flush_input() { first_ = count_ = line_end_ = 0; }

void Tty::erase_one() {
  const u8 gone = last();
  --count_;
  if (!local(kEcho) || !local(kEchoE)) return;
  if (gone == '\t') {
    reprint();
    return;
  }
  const bool two_columns = (gone < ' ' || gone == kDelete) && local(kEchoCtl);
  for (u32 i = 0; i < (two_columns ? 2u : 1u); ++i) {
    line_.send("\b \b", 3);
    column_ -= column_ > 0 ? 1 : 0;
  }
}

// The line that is being typed, once more.
void Tty::reprint() {
  echo(termios_.characters[kVReprint]);
  put_output('\n');
  for (u32 i = line_end_; i < count_; ++i) echo(queue_[(first_ + i) % kQueue]);
}

// Line editing; true when the character was an editing one.
bool Tty::edit(u8 c) {
  if (is(c, kVErase)) {
    if (count_ > line_end_) erase_one();
  } else if (is(c, kVKill)) {
    while (count_ > line_end_) erase_one();
  } else if (is(c, kVWErase) && local(kIExten)) {
    while (count_ > line_end_ && last() == ' ') erase_one();
    while (count_ > line_end_ && last() != ' ') erase_one();
  } else if (is(c, kVReprint) && local(kIExten)) {
    reprint();
  } else {
    return false;
  }
  return true;
}

// Signals and flow control; true when the character was for that.
bool Tty::take_special(u8 c) {
  if (termios_.input & kIXOn) {
    if (is(c, kVStop)) {
      stopped_ = true;
      return true;
    }
    const bool restarts = is(c, kVStart) || (stopped_ && (termios_.input & kIXAny));
    if (restarts) stopped_ = false, room();
    if (is(c, kVStart)) return true;
  }
  if (!local(kISig)) return false;
  const i32 signal = is(c, kVIntr) ? kSigInt : is(c, kVQuit) ? kSigQuit : is(c, kVSusp) ? kSigTstp : 0;
  if (signal == 0) return false;
  if (!local(kNoFlush)) flush_input();
  stopped_ = false;
  room();
  echo(c);
  if (foreground_group > 0) signal_process_group(foreground_group, signal);
  input_.wake_all();
  return true;
}

void Tty::end_line(u8 c, bool end_of_file) {
  put(end_of_file ? kEndOfFile : c);
  line_end_ = count_;
}

void Tty::receive(u8 c) {
  if (termios_.input & kIStrip) c &= 0x7f;
  const bool literal = literal_;
  literal_ = false;
  if (!literal) {
    if (take_special(c)) return;
    if (c == '\r') {
      if (termios_.input & kIgnCr) return;
      if (termios_.input & kICrNl) c = '\n';
    } else if (c == '\n' && (termios_.input & kINlCr)) {
      c = '\r';
    }
  }
  if (canonical()) {
    if (!literal) {
      if (is(c, kVLNext) && local(kIExten)) {
        literal_ = true;
        if (local(kEcho) && local(kEchoCtl)) line_.send("^\b", 2);
        return;
      }
      if (edit(c)) return;
    }
    const bool end_of_file = !literal && is(c, kVEof);
    const bool ends = !literal && (c == '\n' || end_of_file || is(c, kVEol) || is(c, kVEol2));
    // One place stays free for the end of the line, as termios(3) has it: a full line can still be ended.
    if (!ends && count_ + 1 >= kQueue) return;
    if (!end_of_file) echo(c);
    if (ends)
      end_line(c, end_of_file);
    else
      put(c);
    if (!ends) return;
  } else {
    if (count_ < kQueue) echo(c);
    put(c);
  }
  input_.wake_all();
  source_.changed();
}

// A background process that reads is stopped; one that nobody would start again gets EIO (setpgid(2), orphaned groups).
Or<> Tty::keep_background_out(i32 signal) {
  if (session == 0 || session != current_session() || foreground_group == 0 ||
      foreground_group == current_process_group())
    return {};
  const bool deaf = signal_is_ignored_or_blocked(signal);
  if (signal == kSigTtou && deaf) return {};
  if (deaf || current_group_is_orphaned()) return fail(Errno::kIo);
  signal_process_group(current_process_group(), signal);
  return fail(Errno::kRestartSys);
}

// VMIN and VTIME, in the four combinations of termios(3); canonical: a line.
Or<> Tty::wait_for_input(u32 wanted, bool block) {
  const bool raw = !canonical();
  const u32 least = raw ? termios_.characters[kVMin] : 1;
  const u64 time_ns = raw ? u64{termios_.characters[kVTime]} * 100'000'000 : 0;
  const u32 enough = least < wanted ? least : wanted;
  if (!block && readable() == 0) return fail(hung_up_ ? Errno::kIo : Errno::kAgain);
  while (readable() < enough || readable() == 0) {
    if (hung_up_) return {};
    if (!block || (least == 0 && time_ns == 0)) return {};
    const bool timed = time_ns > 0 && (least == 0 || readable() > 0);
    const u32 before = count_;
    auto waited = timed ? input_.wait_interruptible_for(time_ns) : input_.wait_interruptible();
    if (waited.ok()) continue;
    if (waited.error() == Errno::kTimedOut && count_ == before) return {};
    if (waited.error() != Errno::kTimedOut) return readable() > 0 ? Or<>{} : fail(Errno::kRestartSys);
  }
  return {};
}

Or<u32> Tty::read(fs::Buffer& buffer, bool block) {
  if (hung_up_) return 0;
  TRY(keep_background_out(kSigTtin));
  if (buffer.left() == 0) return 0;
  {
    const InterruptGuard guard;
    TRY(wait_for_input(buffer.left(), block));
  }
  const u32 before = buffer.done();
  while (buffer.left() > 0) {
    u8 c;
    bool line_ended = false;
    {
      const InterruptGuard guard;
      if (readable() == 0) break;
      c = queue_[first_];
      first_ = (first_ + 1) % kQueue;
      --count_;
      if (canonical()) {
        --line_end_;
        line_ended = c == '\n' || c == kEndOfFile || is(c, kVEol) || is(c, kVEol2);
      }
    }
    if (c == kEndOfFile && line_ended) break;  // end of file: ends the read, and is not part of it
    TRY(buffer.give(&c, 1));
    if (line_ended) break;
  }
  source_.changed();  // the line may have waited for room
  return buffer.done() - before;
}

u32 Tty::poll() {
  if (hung_up_) return fs::poll_bit::kIn | fs::poll_bit::kHangUp | fs::poll_bit::kError;
  const u32 least = !canonical() && termios_.characters[kVTime] == 0 ? termios_.characters[kVMin] : 1;
  const bool ready = readable() >= (least == 0 ? 1 : least);
  return (ready ? fs::poll_bit::kIn : 0) | (stopped_ ? 0 : fs::poll_bit::kOut);
}

}  // namespace ido
