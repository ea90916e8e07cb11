// epoll: level and edge triggered, one-shot, nested, circles refused; a closed file leaves by itself.
//@ epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2
//> all as expected
#include "expect.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>

#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 441
#endif

static int wait_now(int epoll, struct epoll_event* events) { return epoll_wait(epoll, events, 8, 0); }

static void add(int epoll, int file, unsigned events) {
  struct epoll_event event = {.events = events, .data.u64 = 0x100000000ull + (unsigned)file};
  expect(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event), 0);
}

int main(void) {
  struct epoll_event events[8], event = {.events = EPOLLIN};
  int ends[2], other[2];
  char byte;
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  expect(fcntl(epoll, F_GETFD), FD_CLOEXEC);
  expect_error(epoll_create(0), EINVAL);
  expect_error(epoll_create1(1), EINVAL);
  expect(pipe(ends), 0);
  expect(pipe(other), 0);

  // Level: reported as long as it is so.
  add(epoll, ends[0], EPOLLIN);
  expect_error(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event), EEXIST);
  expect(wait_now(epoll, events), 0);
  expect(write(ends[1], "ab", 2), 2);
  expect(wait_now(epoll, events), 1);
  expect(events[0].events, EPOLLIN);
  expect(events[0].data.u64, 0x100000000ull + (unsigned)ends[0]);
  expect(read(ends[0], &byte, 1), 1);
  expect(wait_now(epoll, events), 1);
  expect(read(ends[0], &byte, 1), 1);
  expect(wait_now(epoll, events), 0);

  // Edge: reported once for each change.
  event.events = EPOLLIN | EPOLLET;
  expect(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event), 0);
  expect(write(ends[1], "ab", 2), 2);
  expect(wait_now(epoll, events), 1);
  expect(wait_now(epoll, events), 0);
  expect(write(ends[1], "c", 1), 1);
  expect(wait_now(epoll, events), 1);

  // One-shot: until it is armed again.
  event.events = EPOLLIN | EPOLLONESHOT;
  expect(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event), 0);
  expect(wait_now(epoll, events), 1);
  expect(write(ends[1], "d", 1), 1);
  expect(wait_now(epoll, events), 0);
  expect(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event), 0);
  expect(wait_now(epoll, events), 1);

  // The end of the writer is told whether it was asked for or not.
  add(epoll, other[0], 0);
  close(other[1]);
  expect(wait_now(epoll, events), 1);
  expect(events[0].events, EPOLLHUP);
  close(other[0]);
  expect(wait_now(epoll, events), 0);

  // An epoll file is ready when one of its files is.
  const int outer = (int)syscall(SYS_epoll_create, 1);
  const int counter = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
  add(outer, epoll, EPOLLIN);
  expect(wait_now(outer, events), 0);
  add(epoll, counter, EPOLLIN);
  expect(eventfd_write(counter, 2), 0);
  expect(wait_now(outer, events), 1);
  expect(events[0].data.u64, 0x100000000ull + (unsigned)epoll);
  event.events = EPOLLIN;
  expect_error(epoll_ctl(epoll, EPOLL_CTL_ADD, outer, &event), ELOOP);
  expect_error(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event), EINVAL);

  // eventfd: a semaphore gives one at a time.
  eventfd_t value = 0;
  expect(eventfd_read(counter, &value), 0);
  expect(value, 1);
  expect(eventfd_read(counter, &value), 0);
  expect_error(read(counter, &value, sizeof value), EAGAIN);
  expect_error(read(counter, &value, 4), EINVAL);
  const int plain = (int)syscall(SYS_eventfd, 5);
  expect(eventfd_write(plain, 6), 0);
  expect(eventfd_read(plain, &value), 0);
  expect(value, 11);
  value = UINT64_MAX;
  expect_error(write(plain, &value, sizeof value), EINVAL);
  expect_error(eventfd(0, 1 << 30), EINVAL);

  // Files that are always ready can't be waited for; what is not there can't be taken out.
  const int file = open("/tmp/epoll", O_CREAT | O_RDWR, 0600);
  expect_error(epoll_ctl(epoll, EPOLL_CTL_ADD, file, &event), EPERM);
  expect_error(epoll_ctl(epoll, EPOLL_CTL_DEL, file, &event), EPERM);
  expect_error(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[1], &event), ENOENT);
  expect_error(epoll_ctl(file, EPOLL_CTL_ADD, ends[0], &event), EINVAL);
  expect_error(epoll_ctl(epoll, EPOLL_CTL_ADD, 99, &event), EBADF);
  expect_error(epoll_wait(epoll, events, 0, 0), EINVAL);

  // Waiting takes as long as was asked for, and a signal that the mask lets in ends it.
  struct timespec before, after, timeout = {0, 30000000};
  sigset_t none;
  sigemptyset(&none);
  expect(epoll_ctl(epoll, EPOLL_CTL_DEL, ends[0], 0), 0);
  clock_gettime(CLOCK_MONOTONIC, &before);
  expect(epoll_pwait(epoll, events, 8, 20, &none), 0);
  expect(syscall(__NR_epoll_pwait2, epoll, events, 8, (long long[]){0, timeout.tv_nsec}, 0, 0), 0);
  clock_gettime(CLOCK_MONOTONIC, &after);
  const long passed = (long)(after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
  expect(passed >= 49 && passed < 200, 1);
  return finish();
}
