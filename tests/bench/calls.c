// What the kernel's common services cost, in instructions: one static program for ido and for Linux, run as first process.
// The time-stamp counter of paemu counts retired instructions, those of the kernel included; of some batches the least
// counts, which leaves out timer ticks. Prints "CALL name instructions" a line, and powers off if it is the first process.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/reboot.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPage = 4096, kBatches = 7 };
static const char *self;

static unsigned long long now(void) {
  unsigned low, high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return (unsigned long long)high << 32 | low;
}

static void need(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static void null_int80(void) {
  int number = SYS_getppid;
  asm volatile("int $0x80" : "+a"(number) : : "memory");
}

static unsigned long sysinfo_entry;
static void null_sysenter(void) {
  int number = SYS_getppid;
  asm volatile("call *%1" : "+a"(number) : "r"(sysinfo_entry) : "memory", "ecx", "edx");
}

static char buffer[kPage];
static int file, scratch;
static void read_page(void) { need(pread(file, buffer, kPage, 0) == kPage, "read"); }
static void write_page(void) { need(pwrite(scratch, buffer, kPage, 0) == kPage, "write"); }

static void open_close(void) {
  const int fd = open(self, O_RDONLY);
  need(fd >= 0 && close(fd) == 0, "open");
}

static void stat_file(void) {
  struct stat status;
  need(stat(self, &status) == 0, "stat");
}

static int there[2], back[2];
static void pipe_round_trip(void) {
  char byte = 1;
  need(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "pipe");
}

static pid_t echo(void) {
  need(pipe(there) == 0 && pipe(back) == 0, "pipe");
  const pid_t child = fork();
  if (child != 0) return child;
  close(there[1]);
  for (char byte; read(there[0], &byte, 1) == 1;) need(write(back[1], &byte, 1) == 1, "write");
  _exit(0);
}

static void fork_wait(void) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  need(child > 0 && waitpid(child, 0, 0) == child, "fork");
}

static void vfork_exec_wait(void) {
  const pid_t child = vfork();
  if (child == 0) {
    execl(self, self, "--exit", (char *)0);
    _exit(1);
  }
  need(child > 0 && waitpid(child, 0, 0) == child, "exec");
}

static void map_unmap(void) {
  void *at = mmap(0, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(at != MAP_FAILED && munmap(at, kPage) == 0, "mmap");
}

static void nothing(int signal) { (void)signal; }
static void signal_self(void) { need(kill(getpid(), SIGUSR1) == 0, "kill"); }

static void measure(const char *name, void (*call)(void), int count) {
  unsigned long long least = -1ull;
  call();
  for (int batch = 0; batch < kBatches; ++batch) {
    const unsigned long long begin = now();
    for (int i = 0; i < count; ++i) call();
    const unsigned long long took = (now() - begin) / (unsigned)count;
    if (took < least) least = took;
  }
  printf("CALL %-16s %8llu\n", name, least);
}

// Touches each page of a fresh mapping once; the mapping's own calls are outside of what is measured.
static void measure_faults(const char *name, int flags, int fd, int pages, int write_it) {
  unsigned long long least = -1ull;
  for (int batch = 0; batch < kBatches; ++batch) {
    volatile char *at = mmap(0, (size_t)pages * kPage, PROT_READ | PROT_WRITE, flags, fd, 0);
    need(at != MAP_FAILED, "mmap");
    const unsigned long long begin = now();
    for (int i = 0; i < pages; ++i) {
      if (write_it) at[i * kPage] = 1;
      else (void)at[i * kPage];
    }
    const unsigned long long took = (now() - begin) / (unsigned)pages;
    if (took < least) least = took;
    munmap((void *)at, (size_t)pages * kPage);
  }
  printf("CALL %-16s %8llu\n", name, least);
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "--exit") == 0) _exit(0);
  self = arguments[0][0] == '/' ? arguments[0] : "/init";
  setvbuf(stdout, 0, _IOLBF, 0);
  if (getpid() == 1) {
    const int console = open("/dev/console", O_RDWR);
    if (console >= 0) dup2(console, 0), dup2(console, 1), dup2(console, 2);
  }
  need((file = open(self, O_RDONLY)) >= 0, self);
  need((scratch = open("/scratch", O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0, "/scratch");
  unlink("/scratch");
  signal(SIGUSR1, nothing);

  measure("null-int80", null_int80, 1000);
  sysinfo_entry = getauxval(AT_SYSINFO);
  if (sysinfo_entry != 0) measure("null-sysenter", null_sysenter, 1000);
  measure("read-4k", read_page, 300);
  measure("write-4k", write_page, 300);
  measure("open-close", open_close, 300);
  measure("stat", stat_file, 300);
  measure("signal", signal_self, 300);
  measure("mmap-munmap", map_unmap, 300);
  const pid_t child = echo();
  measure("pipe-round-trip", pipe_round_trip, 300);
  close(there[1]);
  need(waitpid(child, 0, 0) == child, "wait");
  measure("fork-wait", fork_wait, 20);
  measure("vfork-exec-wait", vfork_exec_wait, 20);
  measure_faults("fault-anonymous", MAP_PRIVATE | MAP_ANONYMOUS, -1, 512, 1);
  measure_faults("fault-file-read", MAP_PRIVATE, file, 64, 0);
  measure_faults("fault-file-copy", MAP_PRIVATE, file, 64, 1);
  printf("CALLS END\n");
  if (getpid() == 1) {
    sync();
    syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_POWER_OFF, 0);
  }
  return 0;
}
