// Processes that compute in turns do not see one another's FPU registers.
//> 0 of 4 were wrong
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kTurns = 50, kSteps = 200 };

// The value stays in an x87 register while others run.
static __attribute__((noinline)) double compute(double start, int yield) {
  double x = start;
  for (int turn = 0; turn < kTurns; ++turn) {
    for (int i = 0; i < kSteps; ++i) x = x * 1.0000001 + 0.5;
    int call = yield ? 158 /* sched_yield */ : 20 /* getpid */;
    __asm__ volatile("int $0x80" : "+a"(call));
  }
  volatile double rounded = x;  // x87 registers have more bits than a double
  return rounded;
}

int main(void) {
  const double expected[2] = {compute(1, 0), compute(2, 0)};
  for (int i = 0; i < 4; ++i) {
    if (fork() != 0) continue;
    for (int round = 0; round < 4; ++round)
      if (compute(i % 2 + 1, 1) != expected[i % 2]) _exit(1);
    _exit(0);
  }
  int wrong = 0, status;
  for (int i = 0; i < 4; ++i) {
    wait(&status);
    if (status != 0) ++wrong;
  }
  printf("%d of 4 were wrong\n", wrong);
}
