// A handler may write what it likes into its frame: the privileged flags stay the kernel's, a selector that can't be
// loaded becomes null, a bad CS is a fault of the program.
//> IOPL, NT, VM set and IF cleared: flags 200
//> GS: 0
//> CS: signal 11
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;

static void poison(int signal, siginfo_t* info, void* context) {
  (void)info;
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  if (signal == SIGUSR1) registers[REG_GS] = 0x1003;
  if (signal == SIGUSR2) registers[REG_CS] = 0x103;
  if (signal == SIGHUP) registers[REG_EFL] = (registers[REG_EFL] | 0x3000 | 0x4000 | 0x20000) & ~0x200;
}
static void segv(int signal) { siglongjmp(back, signal); }

int main(void) {
  struct sigaction action = {.sa_sigaction = poison, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, 0);
  sigaction(SIGUSR2, &action, 0);
  sigaction(SIGHUP, &action, 0);
  signal(SIGSEGV, segv);
  const int self = getpid();

  unsigned flags;
  __asm__ volatile("int $0x80; pushfl; popl %0" : "=r"(flags) : "a"(37 /* kill */), "b"(self), "c"(SIGHUP) : "memory");
  printf("IOPL, NT, VM set and IF cleared: flags %x\n", flags & 0x27200);

  // The C library needs GS: it is put back before anything else.
  unsigned good, gs;
  __asm__ volatile("movl %%gs, %0" : "=r"(good));
  __asm__ volatile("int $0x80; movl %%gs, %0; movl %2, %%gs" : "=&d"(gs) : "a"(37), "r"(good), "b"(self), "c"(SIGUSR1) : "memory");
  printf("GS: %x\n", gs);

  const int caught = sigsetjmp(back, 1);
  if (caught == 0) raise(SIGUSR2);
  printf("CS: signal %d\n", caught);
}
