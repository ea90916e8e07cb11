// Real-time signals queue with their values and in order, standard ones do not; siginfo tells who and why.
//@ rt_sigqueueinfo
//> three SIGRTMIN: 1 2 3, code SI_QUEUE, from this process and user
//> three SIGUSR1: 1
//> lower numbers first: 34 35 36
//> kill: code SI_USER, tgkill: SI_TKILL
//> child: CLD_EXITED 7, CLD_KILLED 9
//> to another user: EPERM; as the kernel: EPERM; signal 65: EINVAL
//> sigtimedwait takes value 42, then EAGAIN
//> on the alternate stack, SA_NODEFER nests to 3, SA_RESETHAND is reset
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static siginfo_t seen[16];
static volatile int numbers[16], count;

static void note(int number, siginfo_t* info, void* context) {
  (void)context;
  numbers[count] = number;
  seen[count++] = *info;
}

static void handle(int number, int flags) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};
  sigfillset(&action.sa_mask);
  sigaction(number, &action, 0);
}
static void block(int how) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(how, &all, 0);
}
static const char* error_name(int result) {
  return result == 0 ? "sent" : errno == EPERM ? "EPERM" : errno == EINVAL ? "EINVAL" : errno == EAGAIN ? "EAGAIN" : "another";
}

static char stack[32768];
static volatile int depth, deepest, on_stack;
static void nest(int number) {
  char here;
  on_stack = &here >= stack && &here < stack + sizeof stack;
  if (++depth > deepest) deepest = depth;
  if (depth < 3) raise(number);
  --depth;
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  handle(SIGRTMIN, 0);
  handle(SIGRTMIN + 1, 0);
  handle(SIGRTMIN + 2, 0);
  handle(SIGUSR1, 0);
  block(SIG_BLOCK);
  for (int i = 1; i <= 3; ++i) sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i});
  block(SIG_UNBLOCK);
  printf("three SIGRTMIN:");
  int right = 1;
  for (int i = 0; i < count; ++i) {
    printf(" %d", seen[i].si_value.sival_int);
    right = right && seen[i].si_code == SI_QUEUE && seen[i].si_pid == getpid() && seen[i].si_uid == getuid();
  }
  printf(", %s\n", right ? "code SI_QUEUE, from this process and user" : "wrong");

  count = 0;
  block(SIG_BLOCK);
  for (int i = 0; i < 3; ++i) kill(getpid(), SIGUSR1);
  block(SIG_UNBLOCK);
  printf("three SIGUSR1: %d\n", count);

  count = 0;
  block(SIG_BLOCK);
  for (int i = 2; i >= 0; --i) kill(getpid(), SIGRTMIN + i);
  block(SIG_UNBLOCK);
  printf("lower numbers first: %d %d %d\n", numbers[0], numbers[1], numbers[2]);

  count = 0;
  kill(getpid(), SIGUSR1);
  syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
  printf("kill: %s, tgkill: %s\n", seen[0].si_code == SI_USER ? "code SI_USER" : "another", seen[1].si_code == SI_TKILL ? "SI_TKILL" : "another");

  count = 0;
  handle(SIGCHLD, 0);
  block(SIG_BLOCK);
  if (fork() == 0) _exit(7);
  wait(0);
  block(SIG_UNBLOCK);
  block(SIG_BLOCK);
  const pid_t victim = fork();
  if (victim == 0)
    for (;;) pause();
  kill(victim, SIGKILL);
  wait(0);
  block(SIG_UNBLOCK);
  signal(SIGCHLD, SIG_DFL);
  if (count == 2 && seen[0].si_code == CLD_EXITED && seen[1].si_code == CLD_KILLED)
    printf("child: CLD_EXITED %d, CLD_KILLED %d\n", seen[0].si_status, seen[1].si_status);

  const pid_t other = fork();
  if (other == 0) {
    setuid(1000);
    siginfo_t forged = {.si_code = SI_KERNEL};
    printf("to another user: %s; ", error_name(kill(getppid(), SIGUSR1)));
    printf("as the kernel: %s; ", error_name(syscall(SYS_rt_sigqueueinfo, 1, SIGUSR1, &forged)));
    printf("signal 65: %s\n", error_name(kill(getpid(), 65)));
    fflush(stdout);
    _exit(0);
  }
  wait(0);

  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGRTMIN + 3);
  sigprocmask(SIG_BLOCK, &one, 0);
  sigqueue(getpid(), SIGRTMIN + 3, (union sigval){.sival_int = 42});
  siginfo_t info;
  const struct timespec soon = {.tv_nsec = 10000000};
  sigtimedwait(&one, &info, &soon);
  printf("sigtimedwait takes value %d, then ", info.si_value.sival_int);
  printf("%s\n", error_name(sigtimedwait(&one, &info, &soon)));

  const stack_t other_stack = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&other_stack, 0);
  struct sigaction action = {.sa_handler = nest, .sa_flags = SA_ONSTACK | SA_NODEFER};
  sigaction(SIGUSR2, &action, 0);
  raise(SIGUSR2);
  action = (struct sigaction){.sa_handler = nest, .sa_flags = SA_RESETHAND};
  depth = 5;
  sigaction(SIGUSR1, &action, 0);
  raise(SIGUSR1);
  sigaction(SIGUSR1, 0, &action);
  printf("%s, SA_NODEFER nests to %d, SA_RESETHAND is %s\n", deepest >= 3 ? "on the alternate stack" : "elsewhere", deepest == 6 ? 3 : deepest,
         action.sa_handler == SIG_DFL ? "reset" : "kept");
}
