// timerfd and signalfd: expirations and signals are read from files.
//@ timerfd_create timerfd_settime timerfd_gettime timerfd_settime64 timerfd_gettime64 signalfd signalfd4
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>

static void timers(void) {
  uint64_t count = 0;
  const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct itimerspec setting = {.it_value = {0, 20000000}, .it_interval = {0, 20000000}}, old;
  expect_error(read(timer, &count, sizeof count), EAGAIN);
  expect(timerfd_settime(timer, 0, &setting, 0), 0);
  struct pollfd p = {timer, POLLIN, 0};
  expect(poll(&p, 1, 0), 0);
  expect(poll(&p, 1, 1000), 1);
  expect(read(timer, &count, sizeof count), sizeof count);
  expect(count, 1);
  usleep(70000);
  expect(read(timer, &count, sizeof count), sizeof count);
  expect(count >= 3 && count <= 5, 1);
  expect_error(read(timer, &count, 4), EINVAL);
  expect(timerfd_gettime(timer, &old), 0);
  expect(old.it_interval.tv_nsec, 20000000);
  expect(old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 20000000, 1);
  setting.it_value.tv_nsec = 0;
  expect(timerfd_settime(timer, 0, &setting, &old), 0);
  expect(timerfd_gettime(timer, &old), 0);
  expect(old.it_value.tv_nsec, 0);

  // A point in time that is over has come; the 64-bit calls.
  long long wide[4] = {0, 0, 0, 1};
  expect(syscall(411, timer, TFD_TIMER_ABSTIME, wide, 0), 0);
  expect(read(timer, &count, sizeof count), sizeof count);
  expect(count, 1);
  wide[2] = 1000;
  expect(syscall(411, timer, 0, wide, 0), 0);
  memset(wide, 0, sizeof wide);
  expect(syscall(410, timer, wide), 0);
  expect(wide[2], 999);
  expect_error(syscall(411, timer, 0, (long long[]){0, 0, 0, 1000000000}, 0), EINVAL);
  expect_error(timerfd_create(99, 0), EINVAL);
  expect_error(timerfd_gettime(0, &old), EINVAL);
}

int main(void) {
  timers();
  sigset_t set;
  struct signalfd_siginfo info[2];
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, 0);
  const int file = signalfd(-1, &set, SFD_NONBLOCK);
  expect_error(read(file, info, sizeof info), EAGAIN);
  struct pollfd p = {file, POLLIN, 0};
  expect(poll(&p, 1, 0), 0);
  kill(getpid(), SIGUSR1);
  expect(poll(&p, 1, 0), 1);
  expect(read(file, info, sizeof info), sizeof *info);
  expect(info[0].ssi_signo, SIGUSR1);
  expect(info[0].ssi_pid, getpid());
  expect(poll(&p, 1, 0), 0);
  // Another set for the same file; the first call without flags.
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, 0);
  expect(signalfd(file, &set, 0), file);
  kill(getpid(), SIGUSR2);
  expect(read(file, info, sizeof info), sizeof *info);
  expect(info[0].ssi_signo, SIGUSR2);
  expect_error(read(file, info, 10), EINVAL);
  const unsigned kernel_set[2] = {1u << (SIGUSR1 - 1), 0};
  const int plain = (int)syscall(SYS_signalfd, -1, kernel_set, 8);
  kill(getpid(), SIGUSR1);
  expect(read(plain, info, sizeof info), sizeof *info);
  expect_error(signalfd(0, &set, 0), EINVAL);
  return finish();
}
