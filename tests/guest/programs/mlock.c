// mlock and its kin, and the limits on memory: RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK, overcommit.
//@ mlock mlock2 munlock mlockall munlockall getrlimit setrlimit
//> locked: 8 of 8 resident, VmLck 32 kB
//> a part unlocked: VmLck 16 kB
//> on fault: 0 of 4 resident, VmLck 32 kB
//> lock over a hole: Cannot allocate memory
//> all locked, and what comes: 2 of 2 resident; unlocked VmLck 0 kB
//> lock all without a flag: Invalid argument
//> locked memory is not inherited: VmLck 0 kB
//> address space limited: Cannot allocate memory, then 1
//> data limited: Cannot allocate memory, but a file 1
//> a limit above its maximum: Invalid argument
//> a stack beyond its limit: SIGSEGV 1
//> strict overcommit: Cannot allocate memory, promised to none 1
//> always: 1, heuristic: Cannot allocate memory
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPage = 4096, kRw = PROT_READ | PROT_WRITE, kAnon = MAP_PRIVATE | MAP_ANONYMOUS };

static int resident(char* p, unsigned pages) {
  unsigned char bytes[64] = {0};
  int sum = 0;
  if (mincore(p, pages * kPage, bytes) != 0) return -1;
  for (unsigned i = 0; i < pages; ++i) sum += bytes[i] & 1;
  return sum;
}
static int locked_kb(void) {
  char line[128];
  int kb = -1;
  FILE* status = fopen("/proc/self/status", "r");
  while (fgets(line, sizeof line, status)) sscanf(line, "VmLck: %d", &kb);
  fclose(status);
  return kb;
}
static void limit(int resource, rlim_t soft) {
  struct rlimit value;
  getrlimit(resource, &value);
  value.rlim_cur = soft;
  setrlimit(resource, &value);
}
static int policy(char number) {
  const int file = open("/proc/sys/vm/overcommit_memory", O_WRONLY);
  const int done = write(file, &number, 1) == 1;
  close(file);
  return done;
}
static void* map(unsigned mib) { return mmap(0, mib << 20, kRw, kAnon, -1, 0); }
static int deep(int n) {
  volatile char frame[kPage];
  frame[0] = (char)n;
  return n == 0 ? 0 : deep(n - 1) + frame[0];
}

int main(void) {
  char* p = mmap(0, 8 * kPage, kRw, kAnon, -1, 0);
  mlock(p, 8 * kPage);
  printf("locked: %d of 8 resident, VmLck %d kB\n", resident(p, 8), locked_kb());
  munlock(p + 2 * kPage, 4 * kPage);
  printf("a part unlocked: VmLck %d kB\n", locked_kb());
  char* q = mmap(0, 4 * kPage, kRw, kAnon, -1, 0);
  syscall(SYS_mlock2, q, 4 * kPage, 1);
  printf("on fault: %d of 4 resident, VmLck %d kB\n", resident(q, 4), locked_kb());
  munmap(q + kPage, kPage);
  mlock(q, 4 * kPage);
  printf("lock over a hole: %s\n", strerror(errno));
  mlockall(MCL_CURRENT | MCL_FUTURE);
  q = mmap(0, 2 * kPage, kRw, kAnon, -1, 0);
  printf("all locked, and what comes: %d of 2 resident; ", resident(q, 2));
  munlockall();
  printf("unlocked VmLck %d kB\n", locked_kb());
  mlockall(0);
  printf("lock all without a flag: %s\n", strerror(errno));
  mlock(p, 8 * kPage);
  fflush(stdout);
  if (fork() == 0) {
    printf("locked memory is not inherited: VmLck %d kB\n", locked_kb());
    fflush(stdout);
    _exit(0);
  }
  wait(0);
  munlockall();

  limit(RLIMIT_AS, 64 << 20);
  printf("address space limited: %s, ", map(100) == MAP_FAILED ? strerror(errno) : "no");
  limit(RLIMIT_AS, RLIM_INFINITY);
  printf("then %d\n", map(100) != MAP_FAILED);
  limit(RLIMIT_DATA, 16 << 20);
  const int file = open("/bin/busybox", O_RDONLY);
  printf("data limited: %s, ", map(100) == MAP_FAILED ? strerror(errno) : "no");
  printf("but a file %d\n", mmap(0, 100 << 20, PROT_READ, MAP_SHARED, file, 0) != MAP_FAILED);
  limit(RLIMIT_DATA, RLIM_INFINITY);
  struct rlimit bad = {.rlim_cur = 2, .rlim_max = 1};
  setrlimit(RLIMIT_CORE, &bad);
  printf("a limit above its maximum: %s\n", strerror(errno));
  fflush(stdout);
  int state;
  if (fork() == 0) {
    limit(RLIMIT_STACK, 256 << 10);
    _exit(deep(100) & 0);
  }
  wait(&state);
  printf("a stack beyond its limit: SIGSEGV %d\n", WIFSIGNALED(state) && WTERMSIG(state) == 11);

  policy('2');
  printf("strict overcommit: %s, ", map(200) == MAP_FAILED ? strerror(errno) : "no");
  printf("promised to none %d\n", mmap(0, 200 << 20, PROT_NONE, kAnon, -1, 0) != MAP_FAILED);
  policy('1');
  printf("always: %d, ", map(2000) != MAP_FAILED);
  policy('0');
  printf("heuristic: %s\n", map(1000) == MAP_FAILED ? strerror(errno) : "no");
  return 0;
}
