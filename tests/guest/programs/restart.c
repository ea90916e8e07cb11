// A signal ends a blocked read with EINTR; with SA_RESTART the read goes on. A mask holds a signal back until
// sigsuspend lets it in.
//> without SA_RESTART: -1, Interrupted system call
//> with SA_RESTART: 1, alarms came
//> pending 1, handled 0, after sigsuspend 1
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int count;
static void handler(int signal) {
  (void)signal;
  ++count;
}

int main(void) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGALRM, &action, 0);
  struct itimerval interval = {{0, 20000}, {0, 20000}};
  setitimer(ITIMER_REAL, &interval, 0);
  int ends[2];
  char byte;
  if (pipe(ends) != 0) return 1;
  int got = read(ends[0], &byte, 1);
  printf("without SA_RESTART: %d, %s\n", got, strerror(errno));

  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, 0);
  const pid_t child = fork();
  if (child == 0) {
    usleep(100000);
    _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
  }
  const int before = count;
  got = read(ends[0], &byte, 1);
  printf("with SA_RESTART: %d, %s\n", got, count > before ? "alarms came" : "no alarm came");
  memset(&interval, 0, sizeof interval);
  setitimer(ITIMER_REAL, &interval, 0);
  waitpid(child, 0, 0);

  sigset_t one, none, pending;
  sigemptyset(&one);
  sigemptyset(&none);
  sigaddset(&one, SIGUSR1);
  sigprocmask(SIG_BLOCK, &one, 0);
  signal(SIGUSR1, handler);
  count = 0;
  raise(SIGUSR1);
  sigpending(&pending);
  printf("pending %d, handled %d", sigismember(&pending, SIGUSR1), count);
  sigsuspend(&none);
  printf(", after sigsuspend %d\n", count);
}
