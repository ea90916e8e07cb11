// POSIX timers, interval timers and sleeping.
//@ timer_create timer_delete timer_getoverrun timer_gettime64 timer_settime64
//> one shot of 20 ms: value 7, not early
//> every 10 ms, 5 times, SI_TIMER
//> blocked meanwhile: overruns
//> a thread's own signal arrives there
//> gettime counts down, delete stops; a deleted one: EINVAL
//> ITIMER_REAL, ITIMER_VIRTUAL and ITIMER_PROF expire: SIGALRM SIGVTALRM SIGPROF
//> nanosleep interrupted: EINTR, some of 1 s left
//> absolute sleep ends at its time; times and getrusage agree
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

static volatile int fired, value, code;
static volatile pid_t where;
static void note(int number, siginfo_t* info, void* context) {
  (void)number, (void)context;
  ++fired;
  value = info->si_value.sival_int;
  code = info->si_code;
  where = syscall(SYS_gettid);
}
static void handle(int number) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
  sigaction(number, &action, 0);
}
static long long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}
static void start(timer_t timer, int first_ms, int interval_ms) {
  const struct itimerspec spec = {{0, interval_ms * 1000000L}, {0, first_ms * 1000000L}};
  timer_settime(timer, 0, &spec, 0);
}
static void wait_for(int count) {
  while (fired < count) pause();
}

static pid_t thread_id;
static void* run(void* unused) {
  thread_id = syscall(SYS_gettid);
  while (where != thread_id) usleep(1000);
  return unused;
}

static void burn(int which, int number) {
  fired = 0;
  handle(number);
  const struct itimerval soon = {.it_value.tv_usec = 20000};
  setitimer(which, &soon, 0);
  for (volatile long i = 0; fired == 0 && i < 400000000; ++i) {
  }
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  handle(SIGUSR1);
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 7};
  timer_create(CLOCK_MONOTONIC, &event, &timer);
  const long long before = now_ms();
  start(timer, 20, 0);
  wait_for(1);
  printf("one shot of 20 ms: value %d, %s\n", value, now_ms() - before >= 20 ? "not early" : "early");

  fired = 0;
  start(timer, 10, 10);
  wait_for(5);
  start(timer, 0, 0);
  printf("every 10 ms, 5 times, %s\n", code == SI_TIMER ? "SI_TIMER" : "another");

  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, 0);
  fired = 0;
  start(timer, 10, 10);
  usleep(100000);
  sigprocmask(SIG_UNBLOCK, &set, 0);
  const int came = fired, overruns = timer_getoverrun(timer);
  start(timer, 0, 0);
  printf("blocked meanwhile: %s\n", came == 1 && overruns >= 5 ? "overruns" : "several");

  pthread_t thread;
  where = 0;
  pthread_create(&thread, 0, run, 0);
  while (thread_id == 0) usleep(1000);
  timer_t own;
  struct sigevent to_thread = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
  to_thread._sigev_un._tid = thread_id;
  timer_create(CLOCK_MONOTONIC, &to_thread, &own);
  start(own, 10, 0);
  pthread_join(thread, 0);
  puts("a thread's own signal arrives there");

  start(timer, 200, 0);
  usleep(50000);
  struct itimerspec left;
  timer_gettime(timer, &left);
  const int counts = left.it_value.tv_nsec > 0 && left.it_value.tv_nsec < 160000000;
  timer_delete(timer);
  fired = 0;
  usleep(250000);
  const long result = syscall(SYS_timer_delete, 99);
  printf("gettime %s, delete %s; a deleted one: %s\n", counts ? "counts down" : "is wrong", fired == 0 ? "stops" : "does not stop",
         result == -1 && errno == EINVAL ? "EINVAL" : "accepted");

  printf("ITIMER_REAL, ITIMER_VIRTUAL and ITIMER_PROF expire:");
  burn(ITIMER_REAL, SIGALRM);
  if (fired == 1) printf(" SIGALRM");
  burn(ITIMER_VIRTUAL, SIGVTALRM);
  if (fired == 1) printf(" SIGVTALRM");
  burn(ITIMER_PROF, SIGPROF);
  printf(fired == 1 ? " SIGPROF\n" : "\n");

  const struct itimerval soon = {.it_value.tv_usec = 50000};
  setitimer(ITIMER_REAL, &soon, 0);
  struct timespec rest, second = {.tv_sec = 1};
  const int slept = nanosleep(&second, &rest);
  printf("nanosleep interrupted: %s, %s of 1 s left\n", slept == -1 && errno == EINTR ? "EINTR" : "no",
         rest.tv_sec == 0 && rest.tv_nsec > 800000000 ? "some" : "none");

  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  const long long start_ms = now_ms();
  until.tv_nsec += 30000000;
  if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, ++until.tv_sec;
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, 0);
  struct rusage usage;
  struct tms ticks;
  getrusage(RUSAGE_SELF, &usage);
  times(&ticks);
  const long used = usage.ru_utime.tv_sec * 100 + usage.ru_utime.tv_usec / 10000;
  printf("absolute sleep %s; times and getrusage %s\n", now_ms() - start_ms >= 29 ? "ends at its time" : "is early",
         used > 0 && ticks.tms_utime - used <= 1 && usage.ru_minflt > 0 ? "agree" : "differ");
}
