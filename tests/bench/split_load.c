// One load of tests/bench/splits: does the same thing N times.
//
// usage: split_load null|int80|pipe|fork|exec|fault|read N
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void null_calls(long times) {
  const unsigned long entry = getauxval(AT_SYSINFO);
  for (long i = 0; i < times; ++i) {
    long result;
    __asm__ volatile("call *%1" : "=a"(result) : "r"(entry), "0"(SYS_getppid) : "memory");
  }
}

static void int80_calls(long times) {
  for (long i = 0; i < times; ++i) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(SYS_getppid) : "memory");
  }
}

static void hand_on(int from, int to, long times) {
  char byte = 'x';
  for (long i = 0; i < times; ++i) {
    if (read(from, &byte, 1) != 1 || write(to, &byte, 1) != 1) exit(1);
  }
}

static void pipe_round_trips(long times) {
  int there[2], back[2];
  if (pipe(there) != 0 || pipe(back) != 0) exit(1);
  if (fork() == 0) {
    hand_on(there[0], back[1], times);
    _exit(0);
  }
  if (write(there[1], "x", 1) != 1) exit(1);
  hand_on(back[0], there[1], times - 1);
  char byte;
  if (read(back[0], &byte, 1) != 1) exit(1);
  wait(0);
}

static void forks(long times, char* program) {
  for (long i = 0; i < times; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      if (program != 0) execl(program, program, "null", "0", (char*)0);
      _exit(0);
    }
    waitpid(child, 0, 0);
  }
}

static void faults(long times) {
  const long page = 4096;
  char* memory = mmap(0, times * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) exit(1);
  for (long i = 0; i < times; ++i) memory[i * page] = 1;
}

static void reads(long times, const char* path) {
  static char buffer[4096];
  const int file = open(path, O_RDONLY);
  for (long i = 0; i < times; ++i) {
    if (pread(file, buffer, sizeof buffer, 0) != sizeof buffer) exit(1);
  }
}

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const char* what = arguments[1];
  const long times = atol(arguments[2]);
  if (strcmp(what, "null") == 0) null_calls(times);
  if (strcmp(what, "int80") == 0) int80_calls(times);
  if (strcmp(what, "pipe") == 0 && times > 0) pipe_round_trips(times);
  if (strcmp(what, "fork") == 0) forks(times, 0);
  if (strcmp(what, "exec") == 0) forks(times, arguments[0]);
  if (strcmp(what, "fault") == 0) faults(times);
  if (strcmp(what, "read") == 0) reads(times, arguments[0]);
}
