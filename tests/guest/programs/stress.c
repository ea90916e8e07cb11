// All loads at once for a billion instructions (a second of the machine's time): fork, exec, mappings, files, pipes,
// futexes, signals. Each checks what it reads. Afterwards everything that the kernel counts is where it was: pages, slab
// objects, processes. tests/guest/stress_test.py runs it on machines of several sizes, with DIMMs coming and going.
//q stress_test.py runs it, with an initramfs of its own.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kPage = 4096, kRw = PROT_READ | PROT_WRITE, kAnon = MAP_PRIVATE | MAP_ANONYMOUS };

static unsigned state;
static unsigned pick(unsigned n) { return ((state = state * 1664525 + 1013904223) >> 8) % n; }
static long long end_ns;
static int going_on(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000ll + t.tv_nsec < end_ns;
}
static void need(int condition, const char* what) {
  if (condition) return;
  printf("%s: %s\n", what, strerror(errno));
  fflush(stdout);
  _exit(1);
}
static void reap(pid_t child, int wanted, const char* what) {
  int status;
  need(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == wanted, what);
}

static void load_fork(void) {
  char* p = mmap(0, 64 * kPage, kRw, kAnon, -1, 0);
  memset(p, 1, 64 * kPage);
  while (going_on()) {
    const pid_t child = fork();
    if (child == 0) {
      for (int i = 0; i < 16; ++i) p[pick(64) * kPage] = 2;  // copies of its own
      _exit(p[kPage - 1] + 40);
    }
    need(child > 0, "fork");
    reap(child, 41, "a forked child");
    for (int i = 0; i < 64; ++i) need(p[i * kPage] == 1, "memory after fork");
  }
}

static void load_exec(void) {
  while (going_on()) {
    const pid_t child = vfork();
    if (child == 0) {
      execl("/bin/busybox", pick(2) ? "true" : "false", (char*)0);
      _exit(9);
    }
    int status;
    need(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) <= 1, "exec");
  }
}

static void load_map(void) {
  enum { kAreas = 24 };
  unsigned* areas[kAreas] = {0};
  unsigned pages[kAreas] = {0}, marks[kAreas] = {0}, old;
  while (going_on()) {
    const unsigned i = pick(kAreas);
    if (areas[i] == 0) {
      pages[i] = pick(60) + 2;
      areas[i] = mmap(0, pages[i] * kPage, kRw, pick(3) ? kAnon : MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      need(areas[i] != MAP_FAILED, "mmap");
      marks[i] = pick(1 << 24);
      for (unsigned j = 0; j < pages[i]; ++j) areas[i][j * 1024] = marks[i] + j;
      continue;
    }
    for (unsigned j = 0; j < pages[i]; ++j) need(areas[i][j * 1024] == marks[i] + j, "a mapping's contents");
    switch (pick(4)) {
      case 0:
        need(munmap(areas[i], pages[i] * kPage) == 0, "munmap");
        areas[i] = 0;
        break;
      case 1:
        old = pages[i];
        pages[i] = old / 2 + 1;
        areas[i] = mremap(areas[i], old * kPage, pages[i] * kPage, MREMAP_MAYMOVE);
        need(areas[i] != MAP_FAILED, "mremap");
        break;
      case 2:
        need(mprotect(areas[i] + 1024, kPage, PROT_READ) == 0, "mprotect");
        need(mprotect(areas[i] + 1024, kPage, kRw) == 0, "mprotect");
        break;
      default:
        need(mlock(areas[i], kPage) == 0 && munlock(areas[i], kPage) == 0, "mlock");
    }
  }
}

static void load_file(void) {
  char name[64], other[64], bytes[3000], back[3000];
  unsigned n = 0;
  need(mkdir("/tmp/stress", 0700) == 0, "mkdir");
  while (going_on()) {
    sprintf(name, "/tmp/stress/file%u", n++ % 7);
    sprintf(other, "/tmp/stress/other%u", n % 5);
    const int file = open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);
    need(file >= 0, "open");
    memset(bytes, (int)n, sizeof bytes);
    const unsigned at = pick(60000);
    need(pwrite(file, bytes, sizeof bytes, at) == sizeof bytes, "write");
    char* map = mmap(0, 64 * 1024, kRw, MAP_SHARED, file, 0);
    need(map[at + 100] == (char)n, "a file's mapping");
    map[at] = (char)(n + 1);
    need(pread(file, back, sizeof back, at) == sizeof back, "read");
    need(back[0] == (char)(n + 1) && !memcmp(back + 1, bytes, sizeof back - 1), "a file's contents");
    need(munmap(map, 64 * 1024) == 0 && ftruncate(file, pick(50000)) == 0, "truncate");
    close(file);
    need(rename(name, other) == 0, "rename");
    if (pick(2)) need(unlink(other) == 0, "unlink");
  }
  for (n = 0; n < 5; ++n) {
    sprintf(other, "/tmp/stress/other%u", n);
    unlink(other);
  }
  need(rmdir("/tmp/stress") == 0, "rmdir");
}

static void load_pipe(void) {
  int to[2], from[2];
  need(pipe(to) == 0 && pipe(from) == 0, "pipe");
  const pid_t child = fork();
  if (child == 0) {
    unsigned char bytes[5000];
    close(to[1]);
    for (ssize_t n; (n = read(to[0], bytes, sizeof bytes)) > 0;) {
      for (ssize_t i = 0; i < n; ++i) bytes[i] ^= 0x55;
      need(write(from[1], bytes, (size_t)n) == n, "a pipe's echo");
    }
    _exit(7);
  }
  close(to[0]);
  unsigned char out[5000], in[5000];
  while (going_on()) {
    const unsigned size = pick(4999) + 1;
    for (unsigned i = 0; i < size; ++i) out[i] = (unsigned char)pick(256);
    need(write(to[1], out, size) == (ssize_t)size, "a pipe's write");
    for (unsigned got = 0; got < size;) {
      const ssize_t n = read(from[0], in + got, size - got);
      need(n > 0, "a pipe's read");
      got += (unsigned)n;
    }
    for (unsigned i = 0; i < size; ++i) need(in[i] == (out[i] ^ 0x55), "a pipe's bytes");
  }
  close(to[1]);
  reap(child, 7, "the other end of a pipe");
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn = PTHREAD_COND_INITIALIZER;
static unsigned counter;
static void* count_up(void* argument) {
  const unsigned me = *(unsigned*)argument;
  pthread_mutex_lock(&mutex);
  for (unsigned i = 0; i < 50; ++i) {
    while (counter % 3 != me) pthread_cond_wait(&turn, &mutex);
    ++counter;
    pthread_cond_broadcast(&turn);
  }
  pthread_mutex_unlock(&mutex);
  return 0;
}
static void load_futex(void) {
  while (going_on()) {
    pthread_t threads[3];
    unsigned names[3] = {0, 1, 2};
    counter = 0;
    for (int i = 0; i < 3; ++i) need(pthread_create(&threads[i], 0, count_up, &names[i]) == 0, "pthread_create");
    for (int i = 0; i < 3; ++i) need(pthread_join(threads[i], 0) == 0, "pthread_join");
    need(counter == 150, "turns of threads");
  }
}

static volatile sig_atomic_t heard[3];
static void hear(int number) { ++heard[number == SIGUSR1 ? 0 : number == SIGALRM ? 1 : 2]; }
static void load_signal(void) {
  struct sigaction action = {.sa_handler = hear};
  sigaction(SIGUSR1, &action, 0);
  sigaction(SIGALRM, &action, 0);
  sigaction(SIGUSR2, &action, 0);
  struct itimerval often = {{0, 3000}, {0, 3000}};
  setitimer(ITIMER_REAL, &often, 0);
  const pid_t child = fork();
  if (child == 0) {
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, 0);
    signal(SIGUSR2, SIG_DFL);
    for (;;) {
      kill(getppid(), SIGUSR1);
      usleep(500);
    }
  }
  while (going_on()) {
    sigset_t mask, old;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    sigprocmask(SIG_BLOCK, &mask, &old);
    raise(SIGUSR2);
    sigsuspend(&old);
    sigprocmask(SIG_SETMASK, &old, 0);
  }
  setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, 0);
  kill(child, SIGKILL);
  int status;
  need(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL, "a killed child");
  need(heard[0] > 0 && heard[1] > 0 && heard[2] > 0, "signals heard");
}

static const struct {
  const char* name;
  void (*run)(void);
} loads[] = {{"fork", load_fork}, {"exec", load_exec},   {"map", load_map},      {"file", load_file},
             {"pipe", load_pipe}, {"futex", load_futex}, {"signal", load_signal}};
enum { kLoads = sizeof loads / sizeof *loads };

static int run_all(double seconds) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  end_ns = t.tv_sec * 1000000000ll + t.tv_nsec + (long long)(seconds * 1e9);
  fflush(stdout);
  pid_t children[kLoads];
  for (int i = 0; i < kLoads; ++i) {
    children[i] = fork();
    if (children[i] != 0) continue;
    state = (unsigned)i + 1;
    loads[i].run();
    _exit(0);
  }
  int failed = 0;
  for (int i = 0; i < kLoads; ++i) {
    int status;
    waitpid(children[i], &status, 0);
    if (status == 0) continue;
    printf("load %s failed: %x\n", loads[i].name, status);
    ++failed;
  }
  return failed;
}

// What the kernel counts: name and number, a line each.
enum { kCounters = 128 };
struct counters {
  int count;
  char names[kCounters][64];
  long values[kCounters];
};

static void note(struct counters* c, const char* name, long value) {
  if (c->count == kCounters) return;
  snprintf(c->names[c->count], sizeof *c->names, "%s", name);
  c->values[c->count++] = value;
}

static void read_counters(struct counters* c) {
  static const char* const kept[] = {"MemTotal", "MemFree", "Cached", "AnonPages", "Mapped", "Mlocked", "KernelStack", "PageTables", "Committed_AS"};
  char line[256], name[64];
  long value;
  c->count = 0;
  const int drop = open("/proc/sys/vm/drop_caches", O_WRONLY);
  need(write(drop, "3", 1) == 1, "drop_caches");
  close(drop);
  FILE* file = fopen("/proc/meminfo", "r");
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "%63[^:]: %ld", name, &value) != 2) continue;
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; ++i)
      if (strcmp(name, kept[i]) == 0) note(c, name, value);
  }
  fclose(file);
  file = fopen("/proc/slabinfo", "r");
  while (fgets(line, sizeof line, file))
    if (line[0] != '#' && sscanf(line, "%63s %ld", name, &value) == 2) note(c, name, value);
  fclose(file);
  long processes = 0;
  DIR* proc = opendir("/proc");
  for (struct dirent* e; (e = readdir(proc));) processes += e->d_name[0] >= '0' && e->d_name[0] <= '9';
  closedir(proc);
  note(c, "processes", processes);
}

static int compare(const struct counters* a, const struct counters* b) {
  int differ = 0;
  for (int i = 0; i < b->count; ++i) {
    long before = 0;
    for (int j = 0; j < a->count; ++j)
      if (strcmp(a->names[j], b->names[i]) == 0) before = a->values[j];
    if (before == b->values[i]) continue;
    printf("%s: %ld before, %ld after\n", b->names[i], before, b->values[i]);
    ++differ;
  }
  return differ;
}

// Until the thread that makes the mem_map in the background has ended.
static void wait_for_kernel(void) {
  char path[64], name[64];
  for (int working = 1; working;) {
    usleep(50000);
    working = 0;
    DIR* proc = opendir("/proc");
    for (struct dirent* e; (e = readdir(proc));) {
      snprintf(path, sizeof path, "/proc/%.20s/comm", e->d_name);
      FILE* file = e->d_name[0] >= '0' && e->d_name[0] <= '9' ? fopen(path, "r") : 0;
      if (file == 0) continue;
      working |= fgets(name, sizeof name, file) != 0 && strcmp(name, "kmemmap\n") == 0;
      fclose(file);
    }
    closedir(proc);
  }
}

int main(int count, char** arguments) {
  static struct counters before, after;
  if (count > 1 && strcmp(arguments[1], "counters") == 0) {  // only tells them
    read_counters(&after);
    for (int i = 0; i < after.count; ++i) printf("%s %ld\n", after.names[i], after.values[i]);
    return 0;
  }
  const double seconds = count > 1 ? atof(arguments[1]) : 1;
  printf("loads:");
  for (int i = 0; i < kLoads; ++i) printf(" %s", loads[i].name);
  printf("\n");
  // Once in small, so that what the kernel and this program need only once is there.
  if (run_all(0.05)) return 1;
  wait_for_kernel();
  read_counters(&after);
  compare(&after, &after);
  read_counters(&before);
  if (run_all(seconds)) return 1;
  printf("all worked, none failed\n");
  usleep(100000);
  read_counters(&after);
  if (compare(&before, &after)) return 1;
  printf("counters are where they were\n");
  return 0;
}
