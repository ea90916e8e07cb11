// Pseudo-terminals: canonical editing, raw reads, flow control, signals by control characters, hang-up, /dev/tty, window
// sizes.
//@ ioctl setsid
//> all as expected
#include "expect.h"

#include <asm/termbits.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static int master;
static char slave_name[32];

static int open_pair(void) {
  int number = -1, unlock = 0;
  master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  expect(master >= 0, 1);
  expect(ioctl(master, TIOCGPTN, &number), 0);
  snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", number);
  expect_error(open(slave_name, O_RDWR | O_NOCTTY), EIO);
  expect(ioctl(master, TIOCSPTLCK, &unlock), 0);
  return open(slave_name, O_RDWR | O_NOCTTY);
}

static const char* read_text(int file) {
  static char text[256];
  const long n = read(file, text, sizeof text - 1);
  text[n < 0 ? 0 : n] = 0;
  return text;
}

static void type(const char* text) { expect(write(master, text, strlen(text)), strlen(text)); }
static int ready(int file) {
  struct pollfd p = {file, POLLIN, 0};
  return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static void editing(int slave) {
  type("ab\177c");
  expect(ready(slave), 0);
  type("\n");
  expect_string(read_text(slave), "ac\n");
  expect_string(read_text(master), "ab\b \bc\r\n");
  type("one two\027three\n\004");
  expect_string(read_text(slave), "one three\n");
  expect_string(read_text(slave), "");
  read_text(master);
  type("\026\003\025x\n");
  expect_string(read_text(slave), "x\n");
  read_text(master);
  expect(write(slave, "a\nb\t", 4), 4);
  expect_string(read_text(master), "a\r\nb\t");
  int waiting = -1;
  type("abc\n");
  expect(ioctl(slave, FIONREAD, &waiting), 0);
  expect(waiting, 4);
  expect(ioctl(slave, TCFLSH, TCIFLUSH), 0);
  expect(ready(slave), 0);
  read_text(master);
}

static void raw(int slave) {
  struct termios2 t;
  expect(ioctl(slave, TCGETS2, &t), 0);
  expect(t.c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
  t.c_lflag &= ~(unsigned)(ICANON | ECHO | ISIG);
  t.c_cc[VMIN] = 3, t.c_cc[VTIME] = 0;
  expect(ioctl(slave, TCSETS2, &t), 0);
  type("ab");
  expect(ready(slave), 0);
  type("\003");
  expect_string(read_text(slave), "ab\003");
  t.c_cc[VMIN] = 0, t.c_cc[VTIME] = 1;
  expect(ioctl(slave, TCSETSF2, &t), 0);
  expect_string(read_text(slave), "");
  // Output that is stopped waits.
  type("\023");
  usleep(10000);  // Linux looks at it a little later
  fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
  expect_error(write(slave, "x", 1), EAGAIN);
  type("\021");
  expect(write(slave, "x", 1), 1);
  fcntl(slave, F_SETFL, O_RDWR);
  expect_string(read_text(master), "x");
  t.c_lflag |= ICANON | ECHO | ISIG;
  expect(ioctl(slave, TCSETS2, &t), 0);
}

static volatile sig_atomic_t seen;
static void note(int signal) { seen = signal; }

// A session of its own: the slave becomes its terminal.
static int in_session(void) {
  setsid();
  const int slave = open(slave_name, O_RDWR);
  pid_t group = -1;
  if (ioctl(slave, TIOCGPGRP, &group) != 0 || group != getpid()) return 1;
  const int tty = open("/dev/tty", O_RDWR);
  if (tty < 0) return 2;
  signal(SIGINT, note);
  signal(SIGWINCH, note);
  signal(SIGHUP, note);
  if (write(slave, "ready\n", 6) != 6) return 3;
  for (int i = 0; i < 200 && seen != SIGINT; ++i) usleep(5000);
  if (seen != SIGINT) return 4;
  if (write(tty, "window\n", 7) != 7) return 5;
  for (int i = 0; i < 200 && seen != SIGWINCH; ++i) usleep(5000);
  struct winsize size;
  if (seen != SIGWINCH || ioctl(tty, TIOCGWINSZ, &size) != 0 || size.ws_row != 33) return 6;
  // One in the background that writes to its terminal is stopped when TOSTOP is set, one that reads always.
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    setpgid(0, 0);
    _exit(read(slave, &byte, 1) < 0 ? 0 : 1);
  }
  int status;
  if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGTTIN) return 7;
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  if (ioctl(slave, TIOCSPGRP, &(pid_t){99999}) == 0) return 8;
  if (write(tty, "end\n", 4) != 4) return 9;
  for (int i = 0; i < 200 && seen != SIGHUP; ++i) usleep(5000);
  return seen == SIGHUP && write(slave, "x", 1) < 0 && errno == EIO ? 0 : 10;
}

int main(void) {
  const int slave = open_pair();
  expect(slave >= 0, 1);
  expect(isatty(slave), 1);
  editing(slave);
  raw(slave);
  close(slave);
  char byte;
  expect_error(read(master, &byte, 1), EIO);
  expect(ready(master) & POLLHUP, POLLHUP);

  const pid_t child = fork();
  if (child == 0) {
    close(master);
    _exit(in_session());
  }
  while (!(ready(master) & POLLIN)) usleep(1000);
  expect_string(read_text(master), "ready\r\n");
  type("\003");
  while (strstr(read_text(master), "window") == 0) {
  }
  struct winsize size = {.ws_row = 33, .ws_col = 100};
  expect(ioctl(master, TIOCSWINSZ, &size), 0);
  while (strstr(read_text(master), "end") == 0) {
  }
  close(master);
  int status;
  expect(waitpid(child, &status, 0), child);
  expect(WEXITSTATUS(status), 0);
  expect_error(open(slave_name, O_RDWR | O_NOCTTY), ENOENT);
  return finish();
}
