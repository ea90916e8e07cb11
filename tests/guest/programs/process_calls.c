// Processes and signals by the calls themselves: identifiers, groups, ways to make and to wait for children, to send,
// block, take and wait for signals, priorities, usage.
//@ fork vfork clone waitpid wait4 waitid getpid getppid gettid getpgrp getpgid getsid setpgid kill tkill tgkill pause
//@ rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 sigaltstack
//@ getpriority setpriority sched_yield sched_getaffinity sched_setaffinity prctl personality getrusage times
//@ getrandom set_robust_list prlimit64 old_mmap get_thread_area
//> all as expected
#include "expect.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/times.h>
#include <sys/wait.h>

struct KernelAction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  unsigned long long mask;
};

static volatile sig_atomic_t seen, depth;
static void note(int signal) { seen = signal; }
static void on_other_stack(int signal) {
  char here;
  (void)signal;
  stack_t now;
  sigaltstack(0, &now);
  depth = (now.ss_flags & SS_ONSTACK) && &here >= (char*)now.ss_sp && &here < (char*)now.ss_sp + now.ss_size;
}

static void children(void) {
  int status = 0;
  siginfo_t info;
  struct rusage usage;
  pid_t child = (pid_t)syscall(SYS_fork);
  if (child == 0) _exit(7);
  expect(syscall(SYS_waitpid, child, &status, 0), child);
  expect(WEXITSTATUS(status), 7);
  child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(8);
  expect(syscall(SYS_waitid, P_PID, child, &info, WEXITED | WNOWAIT, 0), 0);
  expect(info.si_pid == child && info.si_status == 8 && info.si_code == CLD_EXITED, 1);
  expect(syscall(SYS_wait4, child, &status, 0, &usage), child);
  child = vfork();
  if (child == 0) _exit(9);
  expect(waitpid(-1, &status, 0), child);
  expect_error(waitpid(-1, &status, 0), ECHILD);
  expect_error(syscall(SYS_wait4, 1, &status, 0x1000000, 0), EINVAL);
}

static void groups(void) {
  const pid_t self = (pid_t)syscall(SYS_getpid);
  expect(syscall(SYS_gettid), self);
  expect(syscall(SYS_getpgrp), syscall(SYS_getpgid, 0));
  expect(syscall(SYS_getsid, 0), getsid(self));
  expect_error(syscall(SYS_getpgid, 30000), ESRCH);
  const pid_t child = fork();
  if (child == 0) {
    if (syscall(SYS_getppid) != self || setpgid(0, 0) != 0 || getpgrp() != getpid()) _exit(1);
    _exit(setsid() == -1 && errno == EPERM ? 0 : 2);
  }
  int status = -1;
  waitpid(child, &status, 0);
  expect(status, 0);
  expect_error(setpgid(1, 1), ESRCH);
}

static void signals(void) {
  unsigned long long usr1 = 1ull << (SIGUSR1 - 1), none = 0, pending = 0, old = 0;
  struct KernelAction action = {note, 0x04000000, 0, 0}, before;
  struct sigaction portable = {.sa_handler = note};
  expect(sigaction(SIGUSR1, &portable, 0), 0);
  expect(syscall(SYS_rt_sigaction, SIGUSR1, 0, &before, 8), 0);
  expect(before.handler == note, 1);
  expect_error(syscall(SYS_rt_sigaction, SIGKILL, &action, 0, 8), EINVAL);
  expect_error(syscall(SYS_rt_sigaction, SIGUSR1, 0, &before, 4), EINVAL);
  expect(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr1, &old, 8), 0);
  expect(syscall(SYS_kill, getpid(), SIGUSR1), 0);
  expect(seen, 0);
  expect(syscall(SYS_rt_sigpending, &pending, 8), 0);
  expect(pending, usr1);
  expect_error(syscall(SYS_rt_sigsuspend, &none, 8), EINTR);
  expect(seen, SIGUSR1);
  siginfo_t info;
  const int second[2] = {1, 0};
  expect(syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1), 0);
  expect(syscall(SYS_rt_sigtimedwait, &usr1, &info, second, 8), SIGUSR1);
  expect(info.si_code, SI_TKILL);
  expect_error(syscall(421, &usr1, &info, (long long[]){0, 1000000}, 8), EAGAIN);
  expect(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, 0, 8), 0);
  seen = 0;
  expect(syscall(SYS_tkill, getpid(), SIGUSR1), 0);
  expect(seen, SIGUSR1);
  expect_error(kill(getpid(), 99), EINVAL);
  expect_error(kill(30000, 0), ESRCH);
  alarm(1);
  portable.sa_handler = note;
  sigaction(SIGALRM, &portable, 0);
  expect_error(pause(), EINTR);
  expect(seen, SIGALRM);

  static char stack[16384];
  const stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  expect(sigaltstack(&other, 0), 0);
  portable.sa_handler = on_other_stack;
  portable.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR2, &portable, 0);
  raise(SIGUSR2);
  expect(depth, 1);
}

int main(void) {
  children();
  groups();
  signals();
  unsigned long mask = 0;
  expect(syscall(SYS_sched_getaffinity, 0, sizeof mask, &mask) > 0, 1);
  expect(mask & 1, 1);
  mask = 1;
  expect(syscall(SYS_sched_setaffinity, 0, sizeof mask, &mask), 0);
  expect(sched_yield(), 0);
  char name[16] = "";
  expect(prctl(PR_SET_NAME, "a longer name than fits"), 0);
  expect(prctl(PR_GET_NAME, name), 0);
  expect_string(name, "a longer name t");
  expect_error(prctl(9999, 0), EINVAL);
  expect(syscall(SYS_personality, 0xffffffff) >= 0, 1);
  errno = 0;
  const int before = getpriority(PRIO_PROCESS, 0);
  expect(setpriority(PRIO_PROCESS, 0, before), 0);
  struct rusage usage;
  struct tms spent;
  for (volatile int i = 0; i < 30000000; ++i) {
  }
  expect(getrusage(RUSAGE_SELF, &usage), 0);
  expect(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec > 0, 1);
  expect_error(getrusage(77, &usage), EINVAL);
  expect(times(&spent) != -1, 1);
  unsigned long long limits[2] = {0, 0};
  expect(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, limits), 0);
  expect(limits[0] > 0 && limits[0] <= limits[1], 1);
  expect_error(syscall(SYS_prlimit64, 0, 77, 0, limits), EINVAL);
  const unsigned area[6] = {0, 4096, 3, 0x22, 0xffffffff, 0};
  const long mapped = syscall(SYS_mmap, area);
  expect(mapped != -1 && *(int*)mapped == 0, 1);
  struct {
    unsigned entry, base, limit, flags;
  } segment = {6, 0, 0, 0};
  __asm__("movl %%gs, %0" : "=r"(segment.entry));
  segment.entry >>= 3;
  expect(syscall(SYS_get_thread_area, &segment), 0);
  expect(segment.base != 0 && segment.limit == 0xfffff, 1);
  unsigned a = 0, b = 0;
  expect(syscall(SYS_getrandom, &a, 4, 0) + syscall(SYS_getrandom, &b, 4, 0), 8);
  expect(a != b, 1);
  expect(syscall(SYS_set_robust_list, (unsigned[3]){0}, 12), 0);
  expect_error(syscall(SYS_set_robust_list, 0, 5), EINVAL);
  _exit(finish() | fflush(stdout));
}
