// System calls copy to and from memory whose pages are protected, dropped and replaced in the middle: a call either moves
// its bytes or says EFAULT, and no byte is ever wrong.
//~ calls that moved all: [1-9]\d*, in part or none: [1-9]\d*
//> wrong bytes: 0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { kPage = 4096, kPages = 16, kRw = PROT_READ | PROT_WRITE };
static char* buffer;
static volatile int going = 1;
static unsigned moved, refused, wrong;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Protects, drops and releases pages of the buffer, one after another.
static void* disturb(void* unused) {
  for (unsigned i = 0; going; ++i) {
    char* page = buffer + i % kPages * kPage;
    switch (i % 3) {
      case 0: mprotect(page, kPage, i % 2 ? PROT_NONE : PROT_READ); break;
      case 1: madvise(page, kPage, MADV_DONTNEED); break;
      default: mmap(page, kPage, kRw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    }
    usleep(20);
    mprotect(page, kPage, kRw);
  }
  return unused;
}

int main(void) {
  static char pattern[kPages * kPage], back[kPages * kPage];
  for (unsigned i = 0; i < sizeof pattern; ++i) pattern[i] = (char)(i * 7 + i / 256 + 1) | 1;
  const int file = open("/tmp/races", O_CREAT | O_RDWR | O_TRUNC, 0600), out = open("/tmp/races-out", O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (write(file, pattern, sizeof pattern) != sizeof pattern) return 1;
  buffer = mmap(0, sizeof pattern, kRw, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pthread_t thread;
  pthread_create(&thread, 0, disturb, 0);
  for (const double end = now() + 0.3; now() < end;) {
    const ssize_t n = pread(file, buffer, sizeof pattern, 0);
    if (n == (ssize_t)sizeof pattern) ++moved;
    else ++refused;
    if (n < 0 && errno != EFAULT) ++wrong;
    const ssize_t m = pwrite(out, buffer, sizeof pattern, 0);
    if (m < 0 && errno != EFAULT) ++wrong;
    if (pread(out, back, sizeof back, 0) < m) ++wrong;
    // A byte is the pattern's, or 0 where its page was dropped.
    for (ssize_t i = 0; i < m; ++i) wrong += back[i] != pattern[i] && back[i] != 0;
  }
  going = 0;
  pthread_join(thread, 0);
  printf("calls that moved all: %u, in part or none: %u\n", moved, refused);
  printf("wrong bytes: %u\n", wrong);
  return 0;
}
