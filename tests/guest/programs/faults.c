// Each exception of user code is the signal, and the si_code, that Linux makes of it. None of the kernel's addresses can
// be reached, the shared trampoline window included.
//> null: 11 1
//> trampoline: 11 1
//> top: 11 1
//> read-only: 11 2
//> divide: 8 1
//> ud2: 4 2
//> cli: 11 128
//> in: 11 128
//> hlt: 11 128
//> int3: 5 128
//> int 33h: 11 128
//> into: 11 128
//> kernel selector: 11 128
//> no-execute: 11 2
//> x87: 8 3
//> deep stack: 11 1
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static sigjmp_buf back;
static volatile int code;
static char* read_only;

static void handler(int signal, siginfo_t* info, void* context) {
  (void)context;
  code = info->si_code;
  siglongjmp(back, signal);
}

static void null(void) { __asm__ volatile("movl $1, 0x10"); }
static void trampoline(void) { __asm__ volatile("movl 0xff100000, %%eax" ::: "eax"); }
static void top(void) { __asm__ volatile("movl 0xfffffff0, %%eax" ::: "eax"); }
static void write_read_only(void) { *(volatile char*)read_only = 1; }
static void divide(void) { __asm__ volatile("xorl %%ecx, %%ecx; xorl %%edx, %%edx; movl $1, %%eax; divl %%ecx" ::: "eax", "ecx", "edx"); }
static void ud2(void) { __asm__ volatile("ud2"); }
static void cli(void) { __asm__ volatile("cli"); }
static void in(void) { __asm__ volatile("inb $0x20, %%al" ::: "eax"); }
static void hlt(void) { __asm__ volatile("hlt"); }
static void int3(void) { __asm__ volatile("int3"); }
static void int33(void) { __asm__ volatile("int $0x33"); }
static void into(void) { __asm__ volatile("movb $0x7f, %%al; addb $1, %%al; into" ::: "eax"); }
static void selector(void) { __asm__ volatile("movw %w0, %%gs" ::"r"(0x60)); }
static void no_execute(void) {
  static char code_bytes[] = {(char)0xc3};
  ((void (*)(void))code_bytes)();
}
static void x87(void) {
  const unsigned short control = 0x360;
  const double zero = 0;
  __asm__ volatile("fldcw %0; fld1; fdivl %1; fwait" ::"m"(control), "m"(zero));
}
static int recurse(int n) {
  volatile char frame[4096];
  frame[0] = (char)n;
  return n > 0 ? recurse(n - 1) + frame[0] : 0;
}
static void deep_stack(void) { recurse(1 << 20); }

int main(void) {
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  for (unsigned i = 0; i < sizeof signals / sizeof *signals; ++i) sigaction(signals[i], &action, 0);
  const stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
  sigaltstack(&stack, 0);
  read_only = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const struct {
    const char* name;
    void (*fault)(void);
  } cases[] = {{"null", null}, {"trampoline", trampoline}, {"top", top}, {"read-only", write_read_only}, {"divide", divide},
               {"ud2", ud2}, {"cli", cli}, {"in", in}, {"hlt", hlt}, {"int3", int3}, {"int 33h", int33}, {"into", into},
               {"kernel selector", selector}, {"no-execute", no_execute}, {"x87", x87}, {"deep stack", deep_stack}};
  for (unsigned i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const int signal = sigsetjmp(back, 1);
    if (signal == 0) cases[i].fault();
    __asm__ volatile("fninit");
    printf("%s: %d %d\n", cases[i].name, signal, code);
  }
}
