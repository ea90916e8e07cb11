// All terminals: who is whose controlling terminal, /dev/tty.
#include "arch/interrupts.hpp"
#include "dev/tty.hpp"
#include "fs/device.hpp"
#include "lib/process.hpp"

namespace ido {

namespace {
constinit IntrusiveList<Tty, &Tty::node> g_terminals;
}

void add_terminal(Tty& tty) {
  const InterruptGuard guard;
  g_terminals.push_back(tty);
}

Tty::~Tty() {
  const InterruptGuard guard;
  if (node.linked()) g_terminals.remove(*this);
}

Tty* terminal_of_session(i32 session) {
  if (session == 0) return nullptr;
  for (Tty& t : g_terminals)
    if (t.session == session) return &t;
  return nullptr;
}

TerminalOfSession describe_terminal(i32 session) {
  const Tty* tty = terminal_of_session(session);
  if (tty == nullptr) return {};
  return {tty->device_number(), tty->foreground_group};
}

void end_terminal_session(i32 session) {
  Tty* tty = terminal_of_session(session);
  if (tty == nullptr) return;
  constexpr i32 kHangUp = 1, kContinue = 18;  // SIGHUP, SIGCONT
  const i32 foreground = tty->foreground_group;
  tty->session = tty->foreground_group = 0;
  if (foreground == 0) return;
  signal_process_group(foreground, kHangUp);
  signal_process_group(foreground, kContinue);
}

namespace {

// /dev/tty: a file of the running process's controlling terminal, whichever it is.
Or<Ref<fs::File>> open_controlling(Ref<fs::Dentry> dentry, u32 flags) {
  Tty* tty = terminal_of_session(current_session());
  if (tty == nullptr) return fail(Errno::kNxIo);
  return tty->line().open(std::move(dentry), flags | fs::open_flag::kNoControllingTty);
}

}  // namespace

void init_controlling_terminal() { fs::register_device(fs::device_number(5, 0), "tty", open_controlling); }

}  // namespace ido
