// Handlers nest, and the interrupted code keeps its x87 and SSE registers.
//> depth 3, xmm kept, x87 kept
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile int depth, deepest;
static volatile double noise;

static void handler(int signal) {
  noise = sqrt(noise + signal) * 1.25;
  if (++depth > deepest) deepest = depth;
  if (depth < 3) raise(depth == 1 ? SIGUSR2 : SIGHUP);
  --depth;
}

int main(void) {
  struct sigaction action = {.sa_handler = handler};
  sigaction(SIGUSR1, &action, 0);
  sigaction(SIGUSR2, &action, 0);
  sigaction(SIGHUP, &action, 0);
  const double x = 1.0 / 3;
  const long double y = 2.0L / 7;
  double x_after;
  long double y_after;
  __asm__ volatile(
      "fldt %2; movsd %3, %%xmm3; int $0x80; movsd %%xmm3, %1; fstpt %0"
      : "=m"(y_after), "=m"(x_after)
      : "m"(y), "m"(x), "a"(37 /* kill */), "b"(getpid()), "c"(SIGUSR1)
      : "memory", "xmm3");
  printf("depth %d, xmm %s, x87 %s\n", deepest, x_after == x ? "kept" : "lost", y_after == y ? "kept" : "lost");
}
