// Requests to a terminal (ioctl_tty(2)) and job control.
#include "arch/interrupts.hpp"
#include "dev/tty.hpp"
#include "lib/credentials.hpp"
#include "lib/process.hpp"
#include "lib/string.hpp"
#include "mm/uaccess.hpp"

namespace ido {

using namespace termios;

namespace {

constexpr i32 kSigHup = 1, kSigCont = 18, kSigTtou = 22, kSigWinch = 28;
constexpr u32 kSpeed = 115200;  // bits a second

// The fields that struct termio has.
Termio narrow(const Termios& t) {
  Termio old;
  old.input = static_cast<u16>(t.input), old.output = static_cast<u16>(t.output);
  old.control = static_cast<u16>(t.control), old.local = static_cast<u16>(t.local);
  old.line = t.line;
  memcpy(old.characters, t.characters, sizeof old.characters);
  return old;
}

Termios widen(const Termio& old, Termios t) {
  t.input = (t.input & ~0xffffu) | old.input, t.output = (t.output & ~0xffffu) | old.output;
  t.control = (t.control & ~0xffffu) | old.control, t.local = (t.local & ~0xffffu) | old.local;
  t.line = old.line;
  memcpy(t.characters, old.characters, sizeof old.characters);
  return t;
}

}  // namespace

void Tty::opened(u32 open_flags) {
  if ((open_flags & fs::open_flag::kNoControllingTty) || session != 0) return;
  if (current_process_id() != current_session() || terminal_of_session(current_session()) != nullptr) return;
  session = current_session();
  foreground_group = current_process_group();
}

void Tty::hang_up() {
  const InterruptGuard guard;
  hung_up_ = true;
  flush_input();
  if (session != 0) {
    signal_process(session, kSigHup);
    signal_process(session, kSigCont);
    if (foreground_group != 0) {
      signal_process_group(foreground_group, kSigHup);
      signal_process_group(foreground_group, kSigCont);
    }
  }
  session = foreground_group = 0;
  input_.wake_all();
  room();
}

void Tty::set_window(const WindowSize& size) {
  const bool changed = memcmp(&size, &window_, sizeof size) != 0;
  window_ = size;
  if (changed && foreground_group > 0) signal_process_group(foreground_group, kSigWinch);
}

Or<> Tty::set_termios(const Termios& wanted) {
  TRY(keep_background_out(kSigTtou));
  const InterruptGuard guard;
  const bool was_canonical = canonical();
  termios_ = wanted;
  // What was typed so far becomes readable at once, or one line of its own.
  if (was_canonical != canonical()) line_end_ = canonical() ? count_ : 0;
  if (stopped_ && !(termios_.input & kIXOn)) stopped_ = false, room();
  input_.wake_all();
  source_.changed();
  return {};
}

Or<> Tty::set_foreground(i32 group) {
  if (session == 0 || session != current_session()) return fail(Errno::kNotTy);
  TRY(keep_background_out(kSigTtou));
  if (group < 0) return fail(Errno::kInval);
  const i32 its_session = session_of_group(group);
  if (its_session == 0) return fail(Errno::kSrch);
  if (its_session != session) return fail(Errno::kPerm);
  foreground_group = group;
  return {};
}

Or<> Tty::take_as_controlling(bool steal) {
  if (current_process_id() != current_session()) return fail(Errno::kPerm);
  if (session == current_session()) return {};
  if (terminal_of_session(current_session()) != nullptr) return fail(Errno::kPerm);
  if (session != 0 && !(steal && current_credentials().privileged())) return fail(Errno::kPerm);
  session = current_session();
  foreground_group = current_process_group();
  return {};
}

Or<u32> Tty::control(u32 request, u32 argument) {
  if (hung_up_) return fail(Errno::kIo);
  switch (request) {
    case kTcGets: TRY(put_user(argument, termios_)); return 0;
    case kTcGets2: TRY(put_user(argument, Termios2{termios_, kSpeed, kSpeed})); return 0;
    case kTcGeta: TRY(put_user(argument, narrow(termios_))); return 0;
    case kTcSetsF:
    case kTcSets:
    case kTcSetsW: {
      const auto wanted = TRY(get_user<Termios>(argument));
      TRY(set_termios(wanted));
      break;
    }
    case kTcSets2:
    case kTcSetsW2:
    case kTcSetsF2: {
      const auto wanted = TRY(get_user<Termios2>(argument));
      TRY(set_termios(wanted.common));
      break;
    }
    case kTcSeta:
    case kTcSetaW:
    case kTcSetaF: {
      const auto wanted = TRY(get_user<Termio>(argument));
      TRY(set_termios(widen(wanted, termios_)));
      break;
    }
    case kTcFlush: {
      if (argument > 2) return fail(Errno::kInval);
      const InterruptGuard guard;
      if (argument != 1) flush_input();
      return 0;
    }
    case kTcXonc:
      if (argument > 3) return fail(Errno::kInval);
      if (argument <= 1) {
        stopped_ = argument == 0;
        room();
      }
      return 0;
    case kTcSBrk:
    case kTcSBrkP:
    case kTiocSBrk:
    case kTiocCBrk:
    case kTiocExcl:
    case kTiocNxcl: return 0;
    case kTiocMGet: TRY(put_user(argument, u32{0x166})); return 0;  // DTR, RTS, CTS, CD, DSR
    case kTiocGetD: TRY(put_user(argument, u32{0})); return 0;
    case kTiocSetD: return TRY(get_user<u32>(argument)) == 0 ? Or<u32>(0) : fail(Errno::kInval);
    case kTiocSti: {
      if (session != current_session() && !current_credentials().privileged()) return fail(Errno::kPerm);
      const u8 c = TRY(get_user<u8>(argument));
      const InterruptGuard guard;
      receive(c);
      return 0;
    }
    case kTiocGWinSz: TRY(put_user(argument, window_)); return 0;
    case kTiocSWinSz: set_window(TRY(get_user<WindowSize>(argument))); return 0;
    case kTiocSCtty: TRY(take_as_controlling(argument == 1)); return 0;
    case kTiocNoTty:
      if (session == 0 || session != current_session()) return fail(Errno::kNotTy);
      if (current_process_id() == session) end_terminal_session(session);
      return 0;
    case kTiocGPgrp:
      if (session == 0 || session != current_session()) return fail(Errno::kNotTy);
      TRY(put_user(argument, foreground_group));
      return 0;
    case kTiocSPgrp: {
      const auto group = TRY(get_user<i32>(argument));
      TRY(set_foreground(group));
      return 0;
    }
    case kTiocGSid:
      if (session == 0 || session != current_session()) return fail(Errno::kNotTy);
      TRY(put_user(argument, session));
      return 0;
    case kTiocOutQ: TRY(put_user(argument, u32{0})); return 0;
    case kFionRead: TRY(put_user(argument, readable())); return 0;
    default: return fail(Errno::kNotTy);
  }
  if (request == kTcSetsF || request == kTcSetsF2 || request == kTcSetaF) {
    const InterruptGuard guard;
    flush_input();
  }
  return 0;
}

}  // namespace ido
