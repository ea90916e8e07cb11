// Calls that C libraries no longer make, or that nobody made yet: by their numbers.
//@ capget capset get_robust_list ipc nice sched_get_priority_max sched_get_priority_min sched_getparam
//@ sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setparam sched_setscheduler
//@ rt_tgsigqueueinfo timer_gettime timer_settime
//> capget: version 20080522, capset of the same: 0
//> robust list: the one that was set, 12 bytes
//> priorities of SCHED_FIFO: 1 to 99, of SCHED_OTHER: 0 to 0; of policy 77: EINVAL
//> policy 0 priority 0; set SCHED_BATCH: 0, now 3; priority 5 there: EINVAL, priority 0: 0
//> intervals told: 0 0
//> nice 3: 3, and 2 more: 5
//> timer of 10 s: 0, left 9 or 10 s: yes, stopped: 0
//> queued to this thread: 0, its value 7
//> shared memory by ipc: got, attached, written, detached, removed
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct timespec32 {
  int seconds, nanoseconds;
};
struct itimerspec32 {
  struct timespec32 interval, value;
};

static const char *outcome(long result) {
  static char text[2][16];
  static int turn;
  turn = !turn;
  if (result < 0)
    snprintf(text[turn], sizeof text[turn], "%s", strerrorname_np(errno));
  else
    snprintf(text[turn], sizeof text[turn], "%ld", result);
  return text[turn];
}

static void capabilities(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  memset(data, 0, sizeof data);
  syscall(SYS_capget, &header, data);
  printf("capget: version %x, capset of the same: %s\n", header.version, outcome(syscall(SYS_capset, &header, data)));
}

static void robust_list(void) {
  static long list[3];
  void *head = 0;
  size_t size = 0;
  syscall(SYS_set_robust_list, list, sizeof list);
  syscall(SYS_get_robust_list, 0, &head, &size);
  printf("robust list: %s, %u bytes\n", head == list ? "the one that was set" : "another", (unsigned)size);
}

static void scheduling(void) {
  int parameter = 0;
  printf("priorities of SCHED_FIFO: %ld to %ld, of SCHED_OTHER: %ld to %ld; of policy 77: %s\n",
         syscall(SYS_sched_get_priority_min, SCHED_FIFO), syscall(SYS_sched_get_priority_max, SCHED_FIFO),
         syscall(SYS_sched_get_priority_min, SCHED_OTHER), syscall(SYS_sched_get_priority_max, SCHED_OTHER),
         outcome(syscall(SYS_sched_get_priority_max, 77)));
  syscall(SYS_sched_getparam, 0, &parameter);
  printf("policy %ld priority %d; ", syscall(SYS_sched_getscheduler, 0), parameter);
  printf("set SCHED_BATCH: %s, ", outcome(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &parameter)));
  printf("now %ld; ", syscall(SYS_sched_getscheduler, 0));
  parameter = 5;
  printf("priority 5 there: %s, ", outcome(syscall(SYS_sched_setparam, 0, &parameter)));
  parameter = 0;
  printf("priority 0: %s\n", outcome(syscall(SYS_sched_setparam, 0, &parameter)));
  struct timespec32 interval;
  long long interval64[2];
  const char *told = outcome(syscall(SYS_sched_rr_get_interval, 0, &interval));
  printf("intervals told: %s %s\n", told, outcome(syscall(SYS_sched_rr_get_interval_time64, 0, interval64)));
  syscall(SYS_nice, 3);
  printf("nice 3: %d, ", getpriority(PRIO_PROCESS, 0));
  syscall(SYS_nice, 2);
  printf("and 2 more: %d\n", getpriority(PRIO_PROCESS, 0));
}

static void timers(void) {
  struct sigevent none = {.sigev_notify = SIGEV_NONE};
  int timer = -1;
  syscall(SYS_timer_create, CLOCK_MONOTONIC, &none, &timer);
  struct itimerspec32 set = {{0, 0}, {10, 0}}, left;
  printf("timer of 10 s: %s, ", outcome(syscall(SYS_timer_settime, timer, 0, &set, 0)));
  syscall(SYS_timer_gettime, timer, &left);
  printf("left 9 or 10 s: %s, ", left.value.seconds == 9 || left.value.seconds == 10 ? "yes" : "no");
  set.value.seconds = 0;
  printf("stopped: %s\n", outcome(syscall(SYS_timer_settime, timer, 0, &set, 0)));
}

static void queue(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, 0);
  siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
  info.si_value.sival_int = 7;
  printf("queued to this thread: %s, ", outcome(syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info)));
  siginfo_t got;
  sigwaitinfo(&set, &got);
  printf("its value %d\n", got.si_value.sival_int);
}

static void shared_memory(void) {
  enum { kAttach = 21, kDetach = 22, kGet = 23, kControl = 24 };
  char *at = 0;
  const long id = syscall(SYS_ipc, kGet, IPC_PRIVATE, 4096, 0600, 0, 0);
  printf("shared memory by ipc: %s, ", id >= 0 ? "got" : "not got");
  printf("%s, ", syscall(SYS_ipc, kAttach, id, 0, &at, 0, 0) == 0 && at != 0 ? "attached" : "not attached");
  strcpy(at, "text");
  printf("%s, ", strcmp(at, "text") == 0 ? "written" : "lost");
  printf("%s, ", syscall(SYS_ipc, kDetach, 0, 0, 0, at, 0) == 0 ? "detached" : "not detached");
  printf("%s\n", syscall(SYS_ipc, kControl, id, IPC_RMID, 0, 0, 0) == 0 ? "removed" : "not removed");
}

int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  capabilities();
  robust_list();
  scheduling();
  timers();
  queue();
  shared_memory();
  return 0;
}
