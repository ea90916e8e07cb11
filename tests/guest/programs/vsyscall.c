// The vsyscall page and SYSENTER: the ELF image, a sixth argument, restarts, single steps, and no stack at all.
//> [vdso] is an ELF image with __kernel_vsyscall where AT_SYSINFO says
//> six arguments: mapped page 3 of the file
//> the sixth unreadable: EFAULT, then SIGSEGV
//> a read that a handler interrupts goes on: x
//> stepped over a call: 9 traps in the page, then back; getpid is right
//> flags and registers are kept: DF AC ID, ebx esi edi ebp
//> NT is no task switch
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

static unsigned long entry;  // __kernel_vsyscall

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("call *%1" : "=a"(result) : "m"(entry), "0"(number), "b"(a), "c"(b), "d"(c) : "memory");
  return result;
}

static unsigned long find_symbol(const char* image, const char* name) {
  const Elf32_Ehdr* header = (const void*)image;
  if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return 0;
  const Elf32_Phdr* segment = (const void*)(image + header->e_phoff);
  const Elf32_Dyn* dynamic = 0;
  unsigned long bias = 0;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segment[i].p_type == PT_LOAD) bias = (unsigned long)image - segment[i].p_vaddr;
    if (segment[i].p_type == PT_DYNAMIC) dynamic = (const void*)(image + segment[i].p_offset);
  }
  const Elf32_Sym* symbols = 0;
  const char* strings = 0;
  const Elf32_Word* hash = 0;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    const char* at = (const char*)(dynamic->d_un.d_ptr + bias);
    if (dynamic->d_tag == DT_SYMTAB) symbols = (const void*)at;
    if (dynamic->d_tag == DT_STRTAB) strings = at;
    if (dynamic->d_tag == DT_HASH) hash = (const void*)at;
  }
  for (unsigned i = 0; i < hash[1]; ++i)
    if (strcmp(strings + symbols[i].st_name, name) == 0) return symbols[i].st_value + bias;
  return 0;
}

static void nothing(int signal) { (void)signal; }

static volatile int traps;
static void count_trap(int signal, siginfo_t* info, void* context) {
  (void)signal, (void)info;
  ucontext_t* c = context;
  if ((unsigned long)c->uc_mcontext.gregs[REG_EIP] >= 0xffffe000) ++traps;
}

static sigjmp_buf back;
static void give_up(int signal) { siglongjmp(back, signal); }

static void use_six_arguments(void) {
  const int file = open("/tmp/pages", O_RDWR | O_CREAT, 0600);
  for (char page = 0; page < 5; ++page) {
    char bytes[4096];
    memset(bytes, '0' + page, sizeof bytes);
    write(file, bytes, sizeof bytes);
  }
  const char* mapped = mmap(0, 4096, PROT_READ, MAP_PRIVATE, file, 3 * 4096);  // by AT_SYSINFO, as glibc calls
  printf("six arguments: mapped page %c of the file\n", mapped[0]);
  static char stack[16384];
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&other, 0);
  struct sigaction action = {.sa_handler = give_up, .sa_flags = SA_ONSTACK};
  sigaction(SIGSEGV, &action, 0);
  const int signal = sigsetjmp(back, 1);
  if (signal == 0)
    __asm__ volatile("push %%ebx; push %%ebp; xor %%ebx, %%ebx; xor %%ebp, %%ebp; sysenter"
                     :
                     : "a"(SYS_mmap2), "c"(4096), "d"(1), "S"(0x22), "D"(-1)
                     : "memory");
  printf("the sixth unreadable: EFAULT, then %s\n", signal == SIGSEGV ? "SIGSEGV" : "nothing");
}

static void be_interrupted(void) {
  int ends[2];
  pipe(ends);
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, 0);
  const struct itimerval soon = {.it_value.tv_usec = 20000};
  if (fork() == 0) {
    usleep(80000);
    write(ends[1], "x", 1);
    _exit(0);
  }
  setitimer(ITIMER_REAL, &soon, 0);
  char byte = 0;
  const long got = call(SYS_read, ends[0], (long)&byte, 1);
  printf("a read that a handler interrupts goes on: %c\n", got == 1 ? byte : '?');
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  entry = getauxval(AT_SYSINFO);
  const char* image = (const char*)getauxval(AT_SYSINFO_EHDR);
  if (entry != 0 && find_symbol(image, "__kernel_vsyscall") == entry)
    puts("[vdso] is an ELF image with __kernel_vsyscall where AT_SYSINFO says");
  use_six_arguments();
  be_interrupted();

  // Steps: CALL, then in the page push, push, push, mov; SYSENTER; the return, pop, pop, pop, ret. The trap that the
  // call is owed comes at its return, and one after each instruction there.
  struct sigaction action = {.sa_sigaction = count_trap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, 0);
  long pid;
  __asm__ volatile(
      "pushf; orl $0x100, (%%esp); popf\n"
      "call *%1\n"
      "pushf; andl $~0x100, (%%esp); popf"
      : "=a"(pid)
      : "m"(entry), "0"(SYS_getpid)
      : "memory");
  printf("stepped over a call: %d traps in the page, then back; getpid is %s\n", traps,
         pid == getpid() ? "right" : "wrong");

  unsigned flags, b, s, d, p;
  __asm__ volatile(
      "push %%ebp; push %%ebx\n"
      "mov $0x11111111, %%ebx; mov $0x22222222, %%esi; mov $0x33333333, %%edi; mov $0x44444444, %%ebp\n"
      "pushf; orl $0x240400, (%%esp); popf\n"
      "call *%%edx\n"
      "pushf; pop %%eax; push %%ebx; push %%ebp\n"
      "pushf; andl $~0x240400, (%%esp); popf\n"
      "pop %%ecx; pop %%edx; pop %%ebx; pop %%ebp"
      : "=a"(flags), "=d"(b), "=S"(s), "=D"(d), "=c"(p)
      : "a"(SYS_getpid), "d"(entry)
      : "memory", "cc");
  printf("flags and registers are kept: %s%s%s, %s\n", flags & 0x400 ? "DF " : "", flags & 0x40000 ? "AC " : "",
         flags & 0x200000 ? "ID" : "",
         b == 0x11111111 && s == 0x22222222 && d == 0x33333333 && p == 0x44444444 ? "ebx esi edi ebp" : "and lost");

  __asm__ volatile("pushf; orl $0x4000, (%%esp); popf; call *%1; pushf; andl $~0x4000, (%%esp); popf"
                   : "=a"(pid)
                   : "m"(entry), "0"(SYS_getpid)
                   : "memory", "cc");
  if (pid == getpid()) puts("NT is no task switch");
}
