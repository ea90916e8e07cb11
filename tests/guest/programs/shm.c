// System V shared memory, POSIX shared memory and memfd_create.
//@ shmat shmctl shmdt shmget
//> new 1, the same key again 1, exclusive: File exists, too large: Invalid argument, no such key: No such file or directory
//> written by a child: 42
//> attachments: 2, size 10000, mode 600
//> read only: SIGSEGV 1
//> at a fixed place: 1, over another mapping: Invalid argument, at an odd one: Invalid argument, rounded 1
//> removed while attached: bytes stay 1, its key is free 1, marked 1
//> after the last detach: Invalid argument
//> detached twice: Invalid argument
//> in maps: 1
//> POSIX: written by a child: 7, gone after unlink: No such file or directory
//> memfd: size 0, written 5, mapped shared 1, in maps 1
//> memfd with an unknown flag: Invalid argument
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kPage = 4096, kKey = 0x1234, kRw = PROT_READ | PROT_WRITE };
static sigjmp_buf back;
static void caught(int number) { siglongjmp(back, number); }
static const char* why(long result) { return result == -1 ? strerror(errno) : "Success"; }
static int maps_name(const char* name) {
  char line[256];
  int found = 0;
  FILE* maps = fopen("/proc/self/maps", "r");
  while (fgets(line, sizeof line, maps)) found |= strstr(line, name) != 0;
  fclose(maps);
  return found;
}

int main(void) {
  signal(SIGSEGV, caught);
  const int id = shmget(kKey, 10000, IPC_CREAT | 0600);
  printf("new %d, the same key again %d, ", id >= 0, shmget(kKey, 5000, 0600) == id);
  printf("exclusive: %s, ", why(shmget(kKey, 100, IPC_CREAT | IPC_EXCL | 0600)));
  printf("too large: %s, ", why(shmget(kKey, 20000, 0)));
  printf("no such key: %s\n", why(shmget(kKey + 1, 100, 0)));
  volatile char* p = shmat(id, 0, 0);
  fflush(stdout);
  if (fork() == 0) {
    p[9000] = 42;
    _exit(0);
  }
  wait(0);
  printf("written by a child: %d\n", p[9000]);
  char* r = shmat(id, 0, SHM_RDONLY);
  struct shmid_ds status;
  shmctl(id, IPC_STAT, &status);
  printf("attachments: %d, size %d, mode %o\n", (int)status.shm_nattch, (int)status.shm_segsz, status.shm_perm.mode);
  const int number = sigsetjmp(back, 1);
  if (number == 0) *(volatile char*)r = 1;
  printf("read only: SIGSEGV %d\n", number == SIGSEGV);
  shmdt(r);
  char* const place = (char*)0x50000000;
  const int there = shmat(id, place, 0) == place;
  printf("at a fixed place: %d, ", there);
  printf("over another mapping: %s, ", why((long)shmat(id, place, 0)));
  printf("at an odd one: %s, ", why((long)shmat(id, place + 0x100001, 0)));
  printf("rounded %d\n", shmat(id, place + 0x100001, SHM_RND) == place + 0x100000);
  shmdt(place);
  shmdt(place + 0x100000);
  shmctl(id, IPC_RMID, 0);
  shmctl(id, IPC_STAT, &status);
  printf("removed while attached: bytes stay %d, its key is free %d, marked %d\n", p[9000] == 42, shmget(kKey, 1, 0) == -1,
         (status.shm_perm.mode & 01000) != 0);
  shmdt((void*)p);
  printf("after the last detach: %s\n", why(shmctl(id, IPC_STAT, &status)));
  printf("detached twice: %s\n", why(shmdt((void*)p)));
  const int other = shmget(IPC_PRIVATE, kPage, 0600);
  p = shmat(other, 0, 0);
  printf("in maps: %d\n", maps_name("/SYSV00000000 (deleted)"));
  shmctl(other, IPC_RMID, 0);

  int file = shm_open("/test-shm", O_CREAT | O_RDWR, 0600);
  if (ftruncate(file, kPage) != 0) return 1;
  volatile char* q = mmap(0, kPage, kRw, MAP_SHARED, file, 0);
  fflush(stdout);
  if (fork() == 0) {
    file = shm_open("/test-shm", O_RDWR, 0);
    volatile char* mine = mmap(0, kPage, kRw, MAP_SHARED, file, 0);
    mine[5] = 7;
    _exit(0);
  }
  wait(0);
  shm_unlink("/test-shm");
  printf("POSIX: written by a child: %d, ", q[5]);
  printf("gone after unlink: %s\n", why(shm_open("/test-shm", O_RDWR, 0)));

  const int memory = memfd_create("scratch", MFD_CLOEXEC);
  struct stat s;
  fstat(memory, &s);
  const int written = (int)write(memory, "hello", 5);
  char* m = mmap(0, kPage, kRw, MAP_SHARED, memory, 0);
  m[0] = 'j';
  char text[6] = {0};
  const int read_back = pread(memory, text, 5, 0) == 5 && strcmp(text, "jello") == 0;
  printf("memfd: size %d, written %d, mapped shared %d, in maps %d\n", (int)s.st_size, written, read_back,
         maps_name("/memfd:scratch (deleted)"));
  printf("memfd with an unknown flag: %s\n", why(memfd_create("x", 0x100)));
  return 0;
}
