// A program of a 4G/4G kernel on 64 GiB: nearly 4 GiB of addresses are its own, and its pages lie above 4 GiB.
//m 64G,slots=4,maxmem=128G
//q QEMU takes minutes to boot with 64 GiB
//> 3968 MiB mapped and written, a page in every 256 KiB; none lost
//> the stack ends below ff000000: 1
//> frames beyond 4 GiB: 1
//> a second program's pages are others: 1
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMib = 1 << 20, kPieces = 3968 / 64, kPiece = 64 * kMib, kStep = 256 << 10 };
static unsigned char* pieces[kPieces];

static uint64_t frame_of(const void* address) {
  const int fd = open("/proc/self/pagemap", O_RDONLY);
  uint64_t entry = 0;
  const off_t at = (off_t)((uintptr_t)address / 4096) * 8;
  if (fd < 0 || pread(fd, &entry, sizeof entry, at) != sizeof entry || !(entry >> 63)) entry = 0;
  close(fd);
  return entry & ((1ull << 55) - 1);
}
static uint32_t pattern(const void* address) { return (uint32_t)(uintptr_t)address * 2654435761u; }

int main(void) {
  unsigned lost = 0;
  for (int i = 0; i < kPieces; ++i) {
    pieces[i] = mmap(0, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pieces[i] == MAP_FAILED) {
      printf("only %d MiB\n", i * 64);
      return 1;
    }
    for (int at = 0; at < kPiece; at += kStep) *(uint32_t*)(pieces[i] + at) = pattern(pieces[i] + at);
  }
  uint64_t highest = 0;
  for (int i = 0; i < kPieces; ++i) {
    for (int at = 0; at < kPiece; at += kStep) lost += *(uint32_t*)(pieces[i] + at) != pattern(pieces[i] + at);
    const uint64_t frame = frame_of(pieces[i]);
    if (frame > highest) highest = frame;
  }
  printf("%d MiB mapped and written, a page in every 256 KiB; %s\n", kPieces * 64, lost ? "some lost" : "none lost");
  printf("the stack ends below ff000000: %d\n", (uintptr_t)&lost < 0xff000000u && (uintptr_t)&lost > 0xc0000000u);
  printf("frames beyond 4 GiB: %d\n", highest >= 1u << 20);
  fflush(stdout);
  if (fork() == 0) {
    for (int i = 0; i < kPieces; ++i) *(uint32_t*)pieces[i] = 0;
    _exit(0);
  }
  wait(0);
  for (int i = 0; i < kPieces; ++i) lost += *(uint32_t*)pieces[i] != pattern(pieces[i]);
  printf("a second program's pages are others: %d\n", lost == 0);
  return 0;
}
