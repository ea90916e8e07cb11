// A thread that ends with locks held leaves them to the others; scheduling calls are kept and told back.
//> a robust mutex of a dead thread: EOWNERDEAD, made consistent, locked again
//> of a dead process: EOWNERDEAD
//> nice 5, policy SCHED_BATCH, priority of SCHED_FIFO 1 to 99: told back
//> SIGUSR1 came when the parent ended
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t* lock;

static void* die(void* unused) {
  pthread_mutex_lock(lock);
  return unused;
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  lock = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t kind;
  pthread_mutexattr_init(&kind);
  pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(lock, &kind);
  pthread_t thread;
  pthread_create(&thread, 0, die, 0);
  pthread_join(thread, 0);
  const int first = pthread_mutex_lock(lock), made = pthread_mutex_consistent(lock);
  pthread_mutex_unlock(lock);
  if (first == EOWNERDEAD && made == 0 && pthread_mutex_lock(lock) == 0)
    puts("a robust mutex of a dead thread: EOWNERDEAD, made consistent, locked again");
  pthread_mutex_unlock(lock);

  // The child dies with the lock while the parent waits for it.
  const pid_t child = fork();
  if (child == 0) {
    pthread_mutex_lock(lock);
    usleep(50000);
    _exit(0);
  }
  usleep(20000);
  printf("of a dead process: %s\n", pthread_mutex_lock(lock) == EOWNERDEAD ? "EOWNERDEAD" : "another");
  wait(0);

  const struct sched_param none = {0};
  nice(5);
  sched_setscheduler(0, SCHED_BATCH, &none);
  const int told = getpriority(PRIO_PROCESS, 0) == 5 && sched_getscheduler(0) == SCHED_BATCH;
  printf("nice 5, policy SCHED_BATCH, priority of SCHED_FIFO %d to %d: %s\n", sched_get_priority_min(SCHED_FIFO),
         sched_get_priority_max(SCHED_FIFO), told ? "told back" : "lost");

  int ends[2];
  pipe(ends);
  if (fork() == 0) {
    if (fork() == 0) {
      sigset_t set;
      sigemptyset(&set);
      sigaddset(&set, SIGUSR1);
      sigprocmask(SIG_BLOCK, &set, 0);
      prctl(PR_SET_PDEATHSIG, SIGUSR1);
      write(ends[1], "r", 1);
      int number = 0;
      sigwait(&set, &number);
      write(ends[1], number == SIGUSR1 ? "y" : "n", 1);
      _exit(0);
    }
    char ready;
    read(ends[0], &ready, 1);
    _exit(0);
  }
  wait(0);
  char answer = 'n';
  read(ends[0], &answer, 1);
  puts(answer == 'y' ? "SIGUSR1 came when the parent ended" : "no signal came");
}
