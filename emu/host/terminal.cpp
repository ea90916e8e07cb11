#include "host/terminal.hpp"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <initializer_list>

namespace paemu::host {
namespace {

// What a signal handler needs must be global: the one terminal that is raw now, or -1.
volatile sig_atomic_t raw_descriptor = -1;
termios saved;

void restore() {
  if (raw_descriptor < 0) return;
  tcsetattr(raw_descriptor, TCSANOW, &saved);
  raw_descriptor = -1;
}

void restore_and_die(int number) {
  restore();
  signal(number, SIG_DFL);
  raise(number);
}

}  // namespace

RawTerminal::RawTerminal(int descriptor) : is_terminal_(isatty(descriptor) == 1 && tcgetattr(descriptor, &saved) == 0) {
  if (!is_terminal_) return;
  raw_descriptor = descriptor;
  termios raw = saved;
  raw.c_iflag &= ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  raw.c_oflag |= OPOST;  // the monitor's "\n" still goes to the line's start
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
  raw.c_cflag &= ~static_cast<tcflag_t>(CSIZE | PARENB);
  raw.c_cflag |= CS8;
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  tcsetattr(descriptor, TCSANOW, &raw);
  static const bool registered = std::atexit(restore) == 0;
  (void)registered;
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTERM, SIGHUP, SIGINT, SIGQUIT})
    signal(number, restore_and_die);
}

RawTerminal::~RawTerminal() {
  if (is_terminal_) restore();
}

}  // namespace paemu::host
