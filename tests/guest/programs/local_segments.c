// modify_ldt(2): descriptors are written, read, loaded and used; fork copies the table, threads share it, exec drops it.
//@ modify_ldt
//q QEMU checks no segment limits.
//> the table is empty, the default 40 bytes of zero
//> through the segment: paemu
//> beyond its limit: SIGSEGV
//> read back 80 bytes, entry 9 present
//> a child has the table and changes its own
//> a thread's change is seen
//> code in a segment returns 42
//> erased: the selector can't be loaded
//> size 15: EINVAL, entry 8192: EINVAL, conforming: EINVAL, function 7: ENOSYS
//> after exec: 0 bytes
#include <asm/ldt.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int modify(int function, void* p, unsigned long size) { return syscall(SYS_modify_ldt, function, p, size); }

static int set_segment(unsigned entry, const void* base, unsigned limit, int contents) {
  struct user_desc d = {.entry_number = entry, .base_addr = (unsigned long)base, .limit = limit, .seg_32bit = 1,
                        .contents = contents, .useable = 1};
  return modify(0x11, &d, sizeof d);
}

static unsigned char through(unsigned entry, unsigned offset) {
  unsigned char byte;
  __asm__ volatile("mov %1, %%es; movb %%es:(%2), %0; push %%ds; pop %%es"
                   : "=q"(byte)
                   : "r"(entry << 3 | 7), "r"(offset)
                   : "memory");
  return byte;
}

static sigjmp_buf back;
static void give_up(int signal) { siglongjmp(back, signal); }

static void* change(void* unused) {
  static const char other[] = "other";
  set_segment(9, other, 5, 0);
  return unused;
}

static const char* error_name(int result) {
  return result != -1 ? "accepted" : errno == EINVAL ? "EINVAL" : errno == ENOSYS ? "ENOSYS" : "another";
}

int main(int count, char** arguments) {
  static unsigned long long table[64], expected[5];
  if (count > 1) {
    printf("after exec: %d bytes\n", modify(0, table, sizeof table));
    return 0;
  }
  const int empty = modify(0, table, sizeof table), standard = modify(2, table, sizeof table);
  if (empty == 0 && standard == 40 && memcmp(table, expected, 40) == 0)
    puts("the table is empty, the default 40 bytes of zero");

  static const char text[] = "paemu";
  set_segment(9, text, 5, 0);
  printf("through the segment: ");
  for (unsigned i = 0; i < 5; ++i) putchar(through(9, i));
  putchar('\n');

  struct sigaction action = {.sa_handler = give_up};
  sigaction(SIGSEGV, &action, 0);
  const int signal = sigsetjmp(back, 1);
  if (signal == 0) through(9, 6);
  __asm__ volatile("push %ds; pop %es");
  printf("beyond its limit: %s\n", signal == SIGSEGV ? "SIGSEGV" : "nothing");

  const int size = modify(0, table, 80);
  printf("read back %d bytes, entry 9 %s\n", size, table[9] >> 47 & 1 ? "present" : "absent");

  const pid_t child = fork();
  if (child == 0) {
    const int same = through(9, 0) == 'p';
    change(0);
    _exit(same && through(9, 0) == 'o' ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  if (status == 0 && through(9, 0) == 'p') puts("a child has the table and changes its own");

  pthread_t thread;
  pthread_create(&thread, 0, change, 0);
  pthread_join(thread, 0);
  if (through(9, 0) == 'o') puts("a thread's change is seen");

  // mov $42, %eax; lret
  unsigned char* code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(code, "\xb8\x2a\0\0\0\xcb", 6);
  set_segment(700, code, 4095, 2);
  const struct {
    unsigned offset;
    unsigned short selector;
  } __attribute__((packed)) far = {0, 700 << 3 | 7};
  int answer;
  __asm__ volatile("lcall *%1" : "=a"(answer) : "m"(far));
  printf("code in a segment returns %d\n", answer);

  struct user_desc erase = {.entry_number = 9, .read_exec_only = 1, .seg_not_present = 1};
  modify(0x11, &erase, sizeof erase);
  if (sigsetjmp(back, 1) == 0)
    through(9, 0);
  else
    puts("erased: the selector can't be loaded");
  __asm__ volatile("push %ds; pop %es");

  struct user_desc bad = {.entry_number = 1, .contents = 3};
  printf("size 15: %s, ", error_name(modify(1, &bad, 15)));
  bad.entry_number = 8192;
  printf("entry 8192: %s, ", error_name(modify(1, &bad, sizeof bad)));
  bad.entry_number = 1;
  printf("conforming: %s, ", error_name(modify(0x11, &bad, sizeof bad)));
  printf("function 7: %s\n", error_name(modify(7, &bad, sizeof bad)));
  fflush(stdout);
  execl(arguments[0], arguments[0], "again", (char*)0);
}
