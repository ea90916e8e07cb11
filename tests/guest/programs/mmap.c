// mmap, munmap, mprotect and brk: where mappings go, what is refused, what is shared.
//@ mmap2 munmap mprotect
//> anywhere: zeros, writable
//> hint taken: 1, hint over another mapping: elsewhere 1
//> fixed replaces: 0
//> fixed without replacing: File exists
//> fixed at an odd address: Invalid argument
//> no type: Invalid argument
//> size 0: Invalid argument
//> more than the address space: Cannot allocate memory
//> munmap of nothing: Success, of an odd address: Invalid argument
//> middle unmapped: left 1, right 2, middle SIGSEGV
//> mprotect: read only SIGSEGV, none SIGSEGV, writable again 7
//> mprotect over a hole: Cannot allocate memory
//> mprotect to write on a file opened to read: Permission denied
//> shared with a child: 42, private: 1
//> file: shared write reaches it: X, private write does not: X
//> beyond the end of a file: SIGBUS
//> populated: 4 of 4 resident
//> no reserve: 1
//> brk: grows 1, zeros 1, shrinks 1
//> grows down: 1
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
enum { kPage = 4096, kRw = PROT_READ | PROT_WRITE, kAnon = MAP_PRIVATE | MAP_ANONYMOUS };

static sigjmp_buf back;
static void caught(int number) { siglongjmp(back, number); }

// What a write (or read) of a byte does: a signal's name or "no signal".
static const char* touch(volatile char* at, int write) {
  const int number = sigsetjmp(back, 1);
  if (number == SIGSEGV) return "SIGSEGV";
  if (number == SIGBUS) return "SIGBUS";
  if (write)
    *at = *at;
  else
    (void)*at;
  return "no signal";
}

static const char* refused(void* address, unsigned size, int flags) {
  errno = 0;
  void* p = mmap(address, size, kRw, flags, -1, 0);
  return p == MAP_FAILED ? strerror(errno) : "Success";
}

int main(void) {
  signal(SIGSEGV, caught);
  signal(SIGBUS, caught);
  char* p = mmap(0, 4 * kPage, kRw, kAnon, -1, 0);
  int zeros = 1;
  for (int i = 0; i < 4 * kPage; ++i) zeros &= p[i] == 0;
  memset(p, 1, 4 * kPage);
  printf("anywhere: %s, %s\n", zeros ? "zeros" : "not zeros", p[4 * kPage - 1] == 1 ? "writable" : "lost");

  char* const hint = (char*)0x20000000;
  char* a = mmap(hint, kPage, kRw, kAnon, -1, 0);
  char* b = mmap(hint, kPage, kRw, kAnon, -1, 0);
  printf("hint taken: %d, hint over another mapping: elsewhere %d\n", a == hint, b != hint && b != MAP_FAILED);
  *a = 5;
  a = mmap(hint, kPage, kRw, kAnon | MAP_FIXED, -1, 0);
  printf("fixed replaces: %d\n", *a);
  printf("fixed without replacing: %s\n", refused(hint, kPage, kAnon | MAP_FIXED_NOREPLACE));
  printf("fixed at an odd address: %s\n", refused(hint + 1, kPage, kAnon | MAP_FIXED));
  printf("no type: %s\n", refused(0, kPage, MAP_ANONYMOUS));
  printf("size 0: %s\n", refused(0, 0, kAnon));
  printf("more than the address space: %s\n", refused(0, 0xfffff000u, kAnon | MAP_NORESERVE));

  errno = 0;
  munmap((void*)0x30000000, kPage);
  printf("munmap of nothing: %s, ", strerror(errno));
  munmap(hint + 1, kPage);
  printf("of an odd address: %s\n", strerror(errno));
  p[0] = 1, p[3 * kPage] = 2;
  munmap(p + kPage, 2 * kPage);
  printf("middle unmapped: left %d, right %d, middle %s\n", p[0], p[3 * kPage], touch(p + kPage, 0));

  char* q = mmap(0, kPage, kRw, kAnon, -1, 0);
  *q = 7;
  mprotect(q, kPage, PROT_READ);
  printf("mprotect: read only %s, ", touch(q, 1));
  mprotect(q, kPage, PROT_NONE);
  printf("none %s, ", touch(q, 0));
  mprotect(q, kPage, kRw);
  touch(q, 1);
  printf("writable again %d\n", *q);
  errno = 0;
  mprotect(p, 4 * kPage, PROT_READ);
  printf("mprotect over a hole: %s\n", strerror(errno));

  const int file = open("/tmp/mmap-file", O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (write(file, "abc", 3) != 3) return 1;
  const int read_only = open("/tmp/mmap-file", O_RDONLY);
  char* r = mmap(0, kPage, PROT_READ, MAP_SHARED, read_only, 0);
  errno = 0;
  mprotect(r, kPage, kRw);
  printf("mprotect to write on a file opened to read: %s\n", strerror(errno));

  char* shared = mmap(0, kPage, kRw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  *q = 1;
  if (fork() == 0) {
    *shared = 42, *q = 43;
    _exit(0);
  }
  wait(0);
  printf("shared with a child: %d, private: %d\n", *shared, *q);

  char* s = mmap(0, kPage, kRw, MAP_SHARED, file, 0);
  char* w = mmap(0, kPage, kRw, MAP_PRIVATE, file, 0);
  char byte;
  s[1] = 'X';
  if (pread(file, &byte, 1, 1) != 1) return 1;
  printf("file: shared write reaches it: %c, ", byte);
  w[1] = 'Y';
  if (pread(file, &byte, 1, 1) != 1) return 1;
  printf("private write does not: %c\n", byte);
  char* beyond = mmap(0, 2 * kPage, PROT_READ, MAP_SHARED, file, 0);
  printf("beyond the end of a file: %s\n", touch(beyond + kPage, 0));

  char* populated = mmap(0, 4 * kPage, kRw, kAnon | MAP_POPULATE, -1, 0);
  unsigned char resident[4] = {0};
  mincore(populated, 4 * kPage, resident);
  printf("populated: %d of 4 resident\n", (resident[0] & 1) + (resident[1] & 1) + (resident[2] & 1) + (resident[3] & 1));
  printf("no reserve: %d\n", mmap(0, 512 << 20, kRw, kAnon | MAP_NORESERVE, -1, 0) != MAP_FAILED);

  char* const start = sbrk(0);
  const int grows = brk(start + 10 * kPage) == 0;
  int zero = 1;
  for (int i = 0; i < 10 * kPage; ++i) zero &= start[i] == 0;
  printf("brk: grows %d, zeros %d, ", grows, zero);
  brk(start);
  printf("shrinks %d\n", sbrk(0) == start);

  char* down = mmap((void*)0x40000000, kPage, kRw, kAnon | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
  printf("grows down: %d\n", strcmp(touch(down - 8, 1), "no signal") == 0);
  return 0;
}
