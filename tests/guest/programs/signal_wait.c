// sigtimedwait takes blocked signals, without their handlers, and gives up in time; waitid tells how a child ended and
// can leave it there.
//> got 10 from myself
//> timed out: Resource temporarily unavailable
//> SIGCHLD of the child: status 7
//> seen: code 1 status 7
//> reaped: code 1 status 7
//> gone: No child processes
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, 0);
  kill(getpid(), SIGUSR1);
  siginfo_t info;
  int got = sigwaitinfo(&set, &info);
  printf("got %d from %s\n", got, info.si_pid == getpid() ? "myself" : "another");
  const struct timespec soon = {0, 10000000};
  if (sigtimedwait(&set, &info, &soon) < 0) printf("timed out: %s\n", strerror(errno));
  if (fork() == 0) {
    usleep(20000);
    _exit(7);
  }
  sigwaitinfo(&set, &info);
  printf("SIGCHLD of the child: status %d\n", info.si_status);
  waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
  printf("seen: code %d status %d\n", info.si_code, info.si_status);
  waitid(P_ALL, 0, &info, WEXITED);
  printf("reaped: code %d status %d\n", info.si_code, info.si_status);
  if (waitid(P_ALL, 0, &info, WEXITED) < 0) printf("gone: %s\n", strerror(errno));
}
