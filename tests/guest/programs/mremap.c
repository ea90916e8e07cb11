// mremap: growing, shrinking and moving, with the bytes coming along.
//@ mremap
//> shrinks in place: 1, the rest is gone: 1
//> grows in place: 1, new bytes are zeros: 1
//> may not move: Cannot allocate memory
//> moves when it must: 1, bytes came along: 1, the old place is free: 1
//> fixed goes where it is told: 1, what was there is gone: 1
//> fixed onto itself: Invalid argument
//> an odd address: Invalid argument
//> new size 0: Invalid argument
//> over the end of a mapping: Bad address
//> moved while shared by fork: parent 1, child 1
//> old size 0 maps shared memory twice: 1
//> old size 0 of private memory: Invalid argument
//> without unmapping: bytes came along: 1, the old place reads as zeros: 1
//> a file grows with its mapping: 1
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
enum { kPage = 4096, kRw = PROT_READ | PROT_WRITE, kAnon = MAP_PRIVATE | MAP_ANONYMOUS };

static int mapped(void* p) {
  unsigned char resident;
  return mincore(p, kPage, &resident) == 0;
}
static char* at(unsigned long address, unsigned pages, int fill) {
  char* p = mmap((void*)address, pages * kPage, kRw, kAnon | MAP_FIXED, -1, 0);
  if (fill)
    for (unsigned i = 0; i < pages; ++i) p[i * kPage] = (char)(fill + (int)i);
  return p;
}
static const char* why(void* result) { return result == MAP_FAILED ? strerror(errno) : "Success"; }

int main(void) {
  char* p = at(0x20000000, 8, 1);
  char* q = mremap(p, 8 * kPage, 4 * kPage, 0);
  printf("shrinks in place: %d, the rest is gone: %d\n", q == p && p[3 * kPage] == 4, !mapped(p + 4 * kPage));
  q = mremap(p, 4 * kPage, 6 * kPage, 0);
  printf("grows in place: %d, new bytes are zeros: %d\n", q == p && p[3 * kPage] == 4, p[4 * kPage] == 0);
  at(0x20006000, 1, 9);
  printf("may not move: %s\n", why(mremap(p, 6 * kPage, 7 * kPage, 0)));
  q = mremap(p, 6 * kPage, 100 * kPage, MREMAP_MAYMOVE);
  printf("moves when it must: %d, bytes came along: %d, the old place is free: %d\n", q != p && q != MAP_FAILED,
         q[0] == 1 && q[3 * kPage] == 4 && q[99 * kPage] == 0, !mapped(p));

  p = at(0x21000000, 2, 1);
  char* target = at(0x22000000, 2, 50);
  q = mremap(p, 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target);
  printf("fixed goes where it is told: %d, what was there is gone: %d\n", q == target, q[0] == 1 && q[kPage] == 2);
  printf("fixed onto itself: %s\n", why(mremap(q, 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, q + kPage)));
  printf("an odd address: %s\n", why(mremap(q + 1, kPage, kPage, MREMAP_MAYMOVE)));
  printf("new size 0: %s\n", why(mremap(q, kPage, 0, MREMAP_MAYMOVE)));
  printf("over the end of a mapping: %s\n", why(mremap(q, 3 * kPage, 4 * kPage, MREMAP_MAYMOVE)));

  p = at(0x23000000, 2, 7);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    q = mremap(p, 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, (void*)0x24000000);
    q[0] = 100;
    _exit(q[kPage] == 8 && !mapped(p) ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  printf("moved while shared by fork: parent %d, child %d\n", p[0] == 7 && p[kPage] == 8, status == 0);

  char* s = mmap(0, 2 * kPage, kRw, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char* t = mremap(s, 0, 2 * kPage, MREMAP_MAYMOVE);
  t[kPage] = 33;
  printf("old size 0 maps shared memory twice: %d\n", t != s && s[kPage] == 33);
  printf("old size 0 of private memory: %s\n", why(mremap(p, 0, kPage, MREMAP_MAYMOVE)));
  q = mremap(p, 2 * kPage, 2 * kPage, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, (void*)0);
  printf("without unmapping: bytes came along: %d, the old place reads as zeros: %d\n", q[0] == 7 && q[kPage] == 8,
         p[0] == 0 && p[kPage] == 0);

  const int file = open("/tmp/mremap-file", O_CREAT | O_RDWR | O_TRUNC, 0600);
  if (ftruncate(file, 4 * kPage) != 0) return 1;
  s = mmap(0, kPage, kRw, MAP_SHARED, file, 0);
  s[0] = 'a';
  s = mremap(s, kPage, 4 * kPage, MREMAP_MAYMOVE);
  s[3 * kPage] = 'b';
  char byte = 0;
  if (pread(file, &byte, 1, 3 * kPage) != 1) return 1;
  printf("a file grows with its mapping: %d\n", byte == 'b' && s[0] == 'a');
  return 0;
}
