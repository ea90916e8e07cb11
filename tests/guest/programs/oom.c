//m 128M
// Memory runs out: the process that uses most is killed, others and the system go on. oom_score and oom_score_adj.
//> adjustments: 0, then 500, inherited 500
//> out of range: Invalid argument
//> the score of one adjusted is higher: 1, of one that may never die: 0
//> the glutton was killed by signal 9
//> small ones live: 3 of 3
//> of two, the one adjusted up died first: 1
//> memory came back: 1
//> reported: 1
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kRw = PROT_READ | PROT_WRITE, kMib = 1 << 20 };

static int tell(const char* file, const char* text) {
  const int f = open(file, O_WRONLY);
  const int done = write(f, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;
  close(f);
  return done;
}
static long number(const char* path, const char* key) {
  char line[128];
  long value = -1;
  FILE* f = fopen(path, "r");
  while (fgets(line, sizeof line, f)) {
    if (key == 0) value = atol(line);
    else if (strncmp(line, key, strlen(key)) == 0) value = atol(line + strlen(key));
  }
  fclose(f);
  return value;
}
static void eat(unsigned mib) {
  for (unsigned i = 0; i < mib; ++i) {
    char* p = mmap(0, kMib, kRw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) _exit(3);
    memset(p, 1, kMib);
  }
}
static const char adjustment[] = "/proc/self/oom_score_adj", score[] = "/proc/self/oom_score";

int main(void) {
  klogctl(6, 0, 0);  // the kernel's report does not go between our lines
  printf("adjustments: %ld", number(adjustment, 0));
  tell(adjustment, "500");
  printf(", then %ld", number(adjustment, 0));
  fflush(stdout);
  if (fork() == 0) {
    printf(", inherited %ld\n", number(adjustment, 0));
    fflush(stdout);
    _exit(0);
  }
  wait(0);
  printf("out of range: %s\n", strerror(tell(adjustment, "1001")));
  const long high = number(score, 0);
  tell(adjustment, "0");
  const int higher = high > number(score, 0);
  tell(adjustment, "-1000");
  printf("the score of one adjusted is higher: %d, of one that may never die: %ld\n", higher, number(score, 0));

  const long free_before = number("/proc/meminfo", "MemFree:");
  pid_t small[3];
  for (int i = 0; i < 3; ++i) {
    small[i] = fork();
    if (small[i] == 0) {
      tell(adjustment, "0");
      eat(4);
      for (;;) pause();
    }
  }
  fflush(stdout);
  pid_t glutton = fork();
  if (glutton == 0) {
    tell(adjustment, "0");
    for (;;) eat(1);
  }
  int status;
  waitpid(glutton, &status, 0);
  printf("the glutton was killed by signal %d\n", WIFSIGNALED(status) ? WTERMSIG(status) : -status);
  int alive = 0;
  for (int i = 0; i < 3; ++i) alive += waitpid(small[i], &status, WNOHANG) == 0;
  printf("small ones live: %d of 3\n", alive);

  fflush(stdout);
  const pid_t modest = fork();
  if (modest == 0) {
    tell(adjustment, "900");
    eat(10);
    for (;;) pause();
  }
  usleep(100000);
  glutton = fork();
  if (glutton == 0) {
    tell(adjustment, "0");
    for (unsigned i = 0; i < 10000 && waitpid(-1, 0, WNOHANG) <= 0; ++i) {
      eat(1);
      if (kill(modest, 0) != 0) _exit(0);
      usleep(1000);
    }
    _exit(1);
  }
  const pid_t first = waitpid(-1, &status, 0);
  printf("of two, the one adjusted up died first: %d\n", first == modest && WIFSIGNALED(status));
  kill(glutton, SIGKILL);
  waitpid(glutton, 0, 0);
  for (int i = 0; i < 3; ++i) {
    kill(small[i], SIGKILL);
    waitpid(small[i], 0, 0);
  }
  const long gone = free_before - number("/proc/meminfo", "MemFree:");
  printf("memory came back: %d\n", gone < 512);
  static char log[65536];
  log[klogctl(3, log, sizeof log - 1)] = 0;
  printf("reported: %d\n", strstr(log, "oom invoked oom-killer") && strstr(log, "Tasks state") && strstr(log, "Out of memory: Killed process"));
  if (gone >= 512) printf("%ld kB are gone\n", gone);
  return 0;
}
