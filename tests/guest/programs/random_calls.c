// Programs that make system calls at random, with arguments at random: the kernel lives on, and every one can be killed.
//q QEMU runs all tests in one machine, and random calls set its clock and limits.
//> 20 programs, 20 ended
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPrograms = 20, kCalls = 1500 };

static const unsigned kKnown[] = {
#define SYSCALL(number, name) number,
#define SYSCALL_SAME(number, name) number,
#include "syscall/table.inc"
};

// Never: they would end the test itself (exit, reboot, kill and kin, mount) or multiply it (fork and kin).
static const unsigned kNever[] = {1, 2, 21, 22, 37, 52, 61, 88, 120, 190, 217, 238, 252, 270};
// Seldom: they mostly end or stop the program that makes them.
static const unsigned kSeldom[] = {7, 11, 29, 45, 82, 90, 91, 114, 119, 125, 142, 162, 163, 168, 173, 177, 179, 192, 219, 240, 267, 284, 308, 309, 407, 413, 414, 421, 422};

static unsigned long long state;
static unsigned draw(void) {  // xorshift
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (unsigned)(state >> 16);
}

static int among(const unsigned* numbers, unsigned count, unsigned number) {
  for (unsigned i = 0; i < count; ++i)
    if (numbers[i] == number) return 1;
  return 0;
}

static char* area;
static char paths[][32] = {"/tmp/a", "/proc/self/maps", "/sys/devices/system/memory", "/tmp/d"};
unsigned arguments[6];

static unsigned draw_argument(void) {
  switch (draw() % 12) {
    case 0: return 0;
    case 1: return draw() % 16;
    case 2: return draw();
    case 3: return (unsigned)area + draw() % 8192;
    case 4: return 0xff000000 + draw() % 0x200000;  // the trampoline window
    case 5: return (unsigned)paths[draw() % 4];
    case 6: return 0x02100000 + draw() % 0x100000;  // where the kernel has its image
    case 7: return 0xffffffff;
    case 8: return 1u << draw() % 32;
    case 9: return 0xfefff000 + draw() % 8192;      // about the end of the user's space
    case 10: return draw() % 64 << 12;
    default: return draw() % 8;
  }
}

static void make_call(unsigned number) {
  __asm__ volatile("pushl %%ebp; movl arguments+20, %%ebp; int $0x80; popl %%ebp"
                   : "+a"(number)
                   : "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2]), "S"(arguments[3]), "D"(arguments[4])
                   : "memory");
}

static void run(unsigned seed) {
  state = seed * 0x9e3779b97f4a7c15ull + 1;
  setsid();
  close(0), close(1), close(2);
  area = mmap(0, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (unsigned i = 0; i < kCalls; ++i) {
    const unsigned number = kKnown[draw() % (sizeof kKnown / sizeof *kKnown)];
    for (unsigned k = 0; k < 6; ++k) arguments[k] = draw_argument();
    if (among(kNever, sizeof kNever / sizeof *kNever, number)) continue;
    if (among(kSeldom, sizeof kSeldom / sizeof *kSeldom, number) && draw() % 256 != 0) continue;
    make_call(number);
  }
  _exit(0);
}

int main(void) {
  int ended = 0;
  for (unsigned seed = 1; seed <= kPrograms; ++seed) {
    const pid_t child = fork();
    if (child == 0) run(seed);
    // Two seconds for it to end by itself, two more for SIGKILL to work.
    for (unsigned tries = 0; tries < 200; ++tries) {
      if (waitpid(child, 0, WNOHANG) == child) {
        ++ended;
        break;
      }
      if (tries == 100) kill(child, SIGKILL);
      usleep(20000);
    }
  }
  printf("%d programs, %d ended\n", kPrograms, ended);
}
