// What tests/guest/gdbserver_test.py debugs.
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

volatile int counter;
struct point { int x, y; } place = {3, 4};

__attribute__((noinline)) int step(int by) {
  counter += by;
  return counter;
}

static void* worker(void* unused) {
  step(10);
  return unused;
}

int main(void) {
  for (int i = 1; i <= 3; ++i) step(i);
  pthread_t thread;
  pthread_create(&thread, 0, worker, 0);
  pthread_join(thread, 0);
  return counter == 116 ? 42 : 1;
}
