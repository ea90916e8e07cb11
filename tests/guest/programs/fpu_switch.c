// Processes that compute at the same time do not see one another's FPU registers.
//> 0 of 4 were wrong
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static __attribute__((noinline)) double compute(double start) {
  double x = start;
  for (int i = 0; i < 1000000; ++i) x = x * 1.0000001 + 0.5;
  volatile double rounded = x;  // x87 registers have more bits than a double
  return rounded;
}

int main(void) {
  const double expected[2] = {compute(1), compute(2)};
  for (int i = 0; i < 4; ++i) {
    if (fork() != 0) continue;
    for (int round = 0; round < 10; ++round)
      if (compute(i % 2 + 1) != expected[i % 2]) _exit(1);
    _exit(0);
  }
  int wrong = 0, status;
  for (int i = 0; i < 4; ++i) {
    wait(&status);
    if (status != 0) ++wrong;
  }
  printf("%d of 4 were wrong\n", wrong);
}
