// Clocks and timers: they go forward together, sleeping takes as long as it says, timers signal.
//@ time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 nanosleep clock_nanosleep
//@ clock_nanosleep_time64 alarm setitimer getitimer futex
//> all as expected
#include "expect.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t alarms;
static void note(int signal) {
  (void)signal;
  ++alarms;
}

static long long now(int clock) {
  int t[2];
  expect(syscall(SYS_clock_gettime, clock, t), 0);
  return t[0] * 1000000000ll + t[1];
}

int main(void) {
  int narrow[2];
  long long wide[2];
  struct timeval day;
  const long long start = now(1), real = now(0);
  expect(syscall(403, 0, wide), 0);
  expect(gettimeofday(&day, 0), 0);
  const int seconds = (int)syscall(SYS_time, 0);
  expect(wide[0] - real / 1000000000 <= 1 && day.tv_sec - wide[0] <= 1 && seconds - wide[0] <= 1, 1);
  expect(seconds > 1000000000, 1);
  expect_error(syscall(SYS_clock_gettime, 77, narrow), EINVAL);
  expect(syscall(SYS_clock_getres, 1, narrow), 0);
  expect(narrow[0] == 0 && narrow[1] >= 1, 1);
  expect(syscall(406, 1, wide), 0);

  const int tenth[2] = {0, 20000000};
  expect(syscall(SYS_nanosleep, tenth, 0), 0);
  expect(now(1) - start >= 20000000, 1);
  expect(syscall(SYS_clock_nanosleep, 1, 0, tenth, 0), 0);
  const long long until = now(1) + 20000000, point[2] = {until / 1000000000, until % 1000000000};
  expect(syscall(407, 1, 1, point, 0), 0);
  expect(now(1) >= until, 1);
  expect_error(syscall(SYS_nanosleep, (int[2]){0, 1000000000}, 0), EINVAL);

  signal(SIGALRM, note);
  struct itimerval timer = {.it_value = {0, 10000}, .it_interval = {0, 10000}}, old;
  expect(setitimer(ITIMER_REAL, &timer, 0), 0);
  const long long before = now(1);
  while (alarms < 3 && now(1) - before < 2000000000) {
  }
  expect(alarms >= 3, 1);
  expect(getitimer(ITIMER_REAL, &old), 0);
  expect(old.it_interval.tv_usec, 10000);
  memset(&timer, 0, sizeof timer);
  expect(setitimer(ITIMER_REAL, &timer, 0), 0);
  expect(alarm(100), 0);
  expect(alarm(0), 100);
  int rest[2] = {0, 0};
  alarms = 0;
  timer.it_value.tv_usec = 20000;
  setitimer(ITIMER_REAL, &timer, 0);
  expect_error(syscall(SYS_nanosleep, (int[2]){5, 0}, rest), EINTR);
  expect(rest[0] == 4 && rest[1] > 0, 1);

  int word = 1;
  expect_error(syscall(SYS_futex, &word, FUTEX_WAIT, 2, 0), EAGAIN);
  expect_error(syscall(SYS_futex, &word, FUTEX_WAIT, 1, tenth), ETIMEDOUT);
  expect_error(syscall(422, &word, FUTEX_WAIT_BITSET, 1, (long long[2]){0, 1}, 0, -1), ETIMEDOUT);
  expect(syscall(SYS_futex, &word, FUTEX_WAKE, 1), 0);
  expect(syscall(SYS_futex, &word, FUTEX_CMP_REQUEUE, 1, 1, &word + 1, 1), 0);
  expect_error(syscall(SYS_futex, &word, 99, 0), ENOSYS);
  return finish();
}
