// madvise, mincore and msync: what is told of memory and asked about it.
//@ madvise mincore msync
//> not needed: reads as zeros 1
//> not needed, of a shared mapping: keeps its bytes 1
//> not needed, of a private file mapping: the file's bytes again 1
//> free of shared memory: Invalid argument
//> remove: a hole in the file 1, its size stays 1
//> remove of private memory: Invalid argument
//> not needed, locked: Invalid argument
//> over a hole: Cannot allocate memory, but done 1
//> an odd address: Invalid argument, an unknown number: Invalid argument, size 0: Success
//> not for children: SIGSEGV 1, for children again 1
//> wiped in children: zero 1
//> populate for writing: 4 of 4 resident
//> will need: Success, hints: Success
//> mincore: 1 of 3 resident, over a hole: Cannot allocate memory, an odd address: Invalid argument
//> msync: Success, both flags: Invalid argument, over a hole: Cannot allocate memory
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
enum { kPage = 4096, kRw = PROT_READ | PROT_WRITE, kAnon = MAP_PRIVATE | MAP_ANONYMOUS };

static const char* result(int value) { return value == 0 ? "Success" : strerror(errno); }
static char* pages(unsigned count) {
  char* p = mmap(0, count * kPage, kRw, kAnon, -1, 0);
  memset(p, 1, count * kPage);
  return p;
}
static int count(const unsigned char* resident, int n) {
  int sum = 0;
  while (n-- > 0) sum += resident[n] & 1;
  return sum;
}

int main(void) {
  char* p = pages(4);
  madvise(p, 2 * kPage, MADV_DONTNEED);
  printf("not needed: reads as zeros %d\n", p[0] == 0 && p[2 * kPage - 1] == 0 && p[2 * kPage] == 1);
  char* s = mmap(0, kPage, kRw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  *s = 5;
  madvise(s, kPage, MADV_DONTNEED);
  printf("not needed, of a shared mapping: keeps its bytes %d\n", *s == 5);

  const int file = open("/tmp/madvise-file", O_CREAT | O_RDWR | O_TRUNC, 0600);
  static char bytes[3 * kPage];
  memset(bytes, 'f', sizeof bytes);
  if (write(file, bytes, sizeof bytes) != sizeof bytes) return 1;
  char* f = mmap(0, kPage, kRw, MAP_PRIVATE, file, 0);
  *f = 'g';
  madvise(f, kPage, MADV_DONTNEED);
  printf("not needed, of a private file mapping: the file's bytes again %d\n", *f == 'f');
  printf("free of shared memory: %s\n", result(madvise(s, kPage, MADV_FREE)));

  char* m = mmap(0, 3 * kPage, kRw, MAP_SHARED, file, 0);
  madvise(m + kPage, kPage, MADV_REMOVE);
  struct stat status;
  fstat(file, &status);
  printf("remove: a hole in the file %d, its size stays %d\n", m[0] == 'f' && m[kPage] == 0 && m[2 * kPage] == 'f',
         status.st_size == 3 * kPage);
  printf("remove of private memory: %s\n", result(madvise(p, kPage, MADV_REMOVE)));
  mlock(p, kPage);
  printf("not needed, locked: %s\n", result(madvise(p, kPage, MADV_DONTNEED)));
  munlock(p, kPage);

  p = pages(4);
  munmap(p + kPage, kPage);
  printf("over a hole: %s", result(madvise(p, 4 * kPage, MADV_DONTNEED)));
  printf(", but done %d\n", p[0] == 0 && p[3 * kPage] == 0);
  printf("an odd address: %s", result(madvise(p + 1, kPage, MADV_DONTNEED)));
  printf(", an unknown number: %s", result(madvise(p, kPage, 77)));
  printf(", size 0: %s\n", result(madvise(p, 0, MADV_DONTNEED)));

  p = pages(1);
  madvise(p, kPage, MADV_DONTFORK);
  fflush(stdout);
  int state;
  if (fork() == 0) _exit(p[0]);
  wait(&state);
  printf("not for children: SIGSEGV %d, ", WIFSIGNALED(state) && WTERMSIG(state) == 11);
  madvise(p, kPage, MADV_DOFORK);
  fflush(stdout);
  if (fork() == 0) _exit(p[0]);
  wait(&state);
  printf("for children again %d\n", WIFEXITED(state) && WEXITSTATUS(state) == 1);
  madvise(p, kPage, MADV_WIPEONFORK);
  fflush(stdout);
  if (fork() == 0) _exit(p[0] == 0 ? 3 : 4);
  wait(&state);
  printf("wiped in children: zero %d\n", WIFEXITED(state) && WEXITSTATUS(state) == 3);

  unsigned char resident[4];
  p = mmap(0, 4 * kPage, kRw, kAnon, -1, 0);
  madvise(p, 4 * kPage, MADV_POPULATE_WRITE);
  mincore(p, 4 * kPage, resident);
  printf("populate for writing: %d of 4 resident\n", count(resident, 4));
  printf("will need: %s, ", result(madvise(m, 3 * kPage, MADV_WILLNEED)));
  printf("hints: %s\n", result(madvise(p, kPage, MADV_RANDOM) | madvise(p, kPage, MADV_SEQUENTIAL) | madvise(p, kPage, MADV_DONTDUMP)));

  p = mmap(0, 3 * kPage, kRw, kAnon, -1, 0);
  p[kPage] = 1;
  mincore(p, 3 * kPage, resident);
  printf("mincore: %d of 3 resident", count(resident, 3));
  munmap(p + 2 * kPage, kPage);
  printf(", over a hole: %s", result(mincore(p, 3 * kPage, resident)));
  printf(", an odd address: %s\n", result(mincore(p + 1, kPage, resident)));
  printf("msync: %s", result(msync(m, 3 * kPage, MS_SYNC)));
  printf(", both flags: %s", result(msync(m, kPage, MS_SYNC | MS_ASYNC)));
  printf(", over a hole: %s\n", result(msync(p, 3 * kPage, MS_ASYNC)));
  return 0;
}
