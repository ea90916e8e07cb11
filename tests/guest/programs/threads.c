// Threads share memory, have thread-local storage of their own, and a mutex between them loses no increment.
//> 40000 together, 10000 10000 10000 10000 alone
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

enum { kThreads = 4, kRounds = 10000 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int together;
static __thread int alone;

static void* work(void* result) {
  for (int i = 0; i < kRounds; ++i) {
    pthread_mutex_lock(&mutex);
    ++together;
    if (i % 100 == 0) sched_yield();
    pthread_mutex_unlock(&mutex);
    ++alone;
  }
  *(int*)result = alone;
  return 0;
}

int main(void) {
  pthread_t threads[kThreads];
  int results[kThreads];
  for (int i = 0; i < kThreads; ++i)
    if (pthread_create(&threads[i], 0, work, &results[i]) != 0) return 1;
  for (int i = 0; i < kThreads; ++i) pthread_join(threads[i], 0);
  printf("%d together, %d %d %d %d alone\n", together, results[0], results[1], results[2], results[3]);
}
