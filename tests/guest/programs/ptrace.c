// ptrace(2): every request that a debugger needs, on a child that traces itself and on one that is attached to.
//@ ptrace
//> stopped by SIGSTOP after TRACEME
//> peek 0x12345678, poke seen by the child: exit 77
//> a breakpoint in read-only code: SIGTRAP behind the INT3, code SI_KERNEL; the file is unchanged
//> 5 steps over 5 instructions, TF hidden
//> getpid: enter with -ENOSYS, exit with the pid; a call is changed into another
//> SIGUSR1 is taken away, SIGUSR2 becomes SIGUSR1: handler says 10
//> siginfo of a stop by SIGSEGV: si_addr 0x10, code 1
//> fork, vfork, clone, exec and exit events: 1 2 3 4 6
//> x87 control 0x27f by GETFPREGS and GETFPXREGS; st0 set to 1
//> a watchpoint stops after the write, code TRAP_HWBKPT, DR6 says 1; one in the kernel's addresses: EINVAL
//> attached, stopped by 19, memory read by /proc/PID/mem and written, detached, it ends with 5
//> seized, interrupted: event 128; killed by 9
//> of a stranger ESRCH, running ESRCH, twice EPERM
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long word = 0x12345678;
static int status;

static long trace(int request, pid_t pid, long address, long data) {
  return ptrace(request, pid, (void*)address, (void*)data);
}
static struct user_regs_struct registers(pid_t pid) {
  struct user_regs_struct r;
  trace(PTRACE_GETREGS, pid, 0, (long)&r);
  return r;
}
static int wait_for(pid_t pid) { return waitpid(pid, &status, __WALL) == pid; }
static int stopped_by(int signal) { return WIFSTOPPED(status) && WSTOPSIG(status) == signal; }
static int go(int request, pid_t pid, int signal) {
  trace(request, pid, 0, signal);
  return wait_for(pid);
}
static const char* error_of(long result) {
  return result != -1 ? "accepted" : errno == ESRCH ? "ESRCH" : errno == EPERM ? "EPERM" : errno == EINVAL ? "EINVAL" : "another";
}

// A child that traces itself, stops, and then runs `body`.
static pid_t traced(void (*body)(void)) {
  const pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    body();
    _exit(0);
  }
  wait_for(pid);
  return pid;
}
static void finish(pid_t pid) {
  kill(pid, SIGKILL);
  waitpid(pid, &status, __WALL);
}

static void end_with_word(void) { _exit(word); }
static void breakpoint_body(void) {
  raise(SIGCONT);
  _exit(0);
}

__attribute__((noinline)) static void five(void) { __asm__ volatile("nop; nop; nop; nop; nop"); }
static void call_five(void) {
  __asm__ volatile("int3");
  __asm__ volatile("nop; nop; nop; nop; nop");
  five();
}
static void ask_pid(void) {
  for (int i = 0; i < 2; ++i) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(SYS_getpid));
    if (i == 1) _exit(result == getppid() ? 1 : 2);
  }
}
static void say(int signal) { _exit(signal); }
static void take_signals(void) {
  signal(SIGUSR1, say);
  raise(SIGUSR1);
  raise(SIGUSR2);
}
static int* volatile nowhere = (int*)0x10;
static void fault(void) { *nowhere = 1; }
static int nothing(void* unused) {
  (void)unused;
  return 0;
}
static void have_children(void) {
  static char stack[16384];
  if (syscall(SYS_fork) == 0) _exit(0);
  if (vfork() == 0) _exit(0);
  clone(nothing, stack + sizeof stack, CLONE_VM | CLONE_FILES, 0);
  execl("/bin/true", "true", (char*)0);
}
static void load_x87(void) {
  const unsigned short control = 0x27f;
  double result;
  __asm__ volatile("fninit; fldcw %1; fldpi; int3; fstpl %0" : "=m"(result) : "m"(control));
  _exit(result == 1.0 ? 0 : 1);
}
static void write_word(void) {
  __asm__ volatile("int3");
  word = 1;
  word = 2;
}

static void test_memory(void) {
  pid_t pid = traced(end_with_word);
  if (stopped_by(SIGSTOP)) puts("stopped by SIGSTOP after TRACEME");
  const long before = trace(PTRACE_PEEKDATA, pid, (long)&word, 0);
  trace(PTRACE_POKEDATA, pid, (long)&word, 77);
  go(PTRACE_CONT, pid, 0);
  printf("peek %#lx, poke seen by the child: exit %d\n", before, WEXITSTATUS(status));

  pid = traced(breakpoint_body);
  const long code = (long)&breakpoint_body, old = trace(PTRACE_PEEKTEXT, pid, code, 0);
  trace(PTRACE_POKETEXT, pid, code, (old & ~0xff) | 0xcc);
  go(PTRACE_CONT, pid, 0);
  siginfo_t info;
  trace(PTRACE_GETSIGINFO, pid, 0, (long)&info);
  const int at = registers(pid).eip == code + 1 && stopped_by(SIGTRAP) && info.si_code == SI_KERNEL;
  printf("a breakpoint in read-only code: %s; the file is %s\n",
         at ? "SIGTRAP behind the INT3, code SI_KERNEL" : "missed", *(long*)code == old ? "unchanged" : "changed");
  finish(pid);
}

static void test_steps(void) {
  const pid_t pid = traced(call_five);
  go(PTRACE_CONT, pid, 0);  // to the INT3
  const long start = registers(pid).eip;
  int steps = 0, hidden = 1;
  while (registers(pid).eip < start + 5 && steps < 20) {
    go(PTRACE_SINGLESTEP, pid, 0);
    ++steps;
    hidden = hidden && !(registers(pid).eflags & 0x100);
  }
  printf("%d steps over 5 instructions, TF %s\n", steps, hidden ? "hidden" : "shown");
  finish(pid);
}

static void test_calls(void) {
  const pid_t pid = traced(ask_pid);
  trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
  int right = 0;
  for (int i = 0; i < 2; ++i) {
    go(PTRACE_SYSCALL, pid, 0);
    struct user_regs_struct r = registers(pid);
    const int entered = stopped_by(SIGTRAP | 0x80) && r.orig_eax == SYS_getpid && r.eax == -ENOSYS;
    if (i == 1) {
      r.orig_eax = SYS_getppid;
      trace(PTRACE_SETREGS, pid, 0, (long)&r);
    }
    go(PTRACE_SYSCALL, pid, 0);
    right += entered && stopped_by(SIGTRAP | 0x80) && registers(pid).eax == (i == 0 ? pid : getpid());
  }
  go(PTRACE_CONT, pid, 0);
  printf("getpid: %s; a call is %s\n", right == 2 ? "enter with -ENOSYS, exit with the pid" : "wrong",
         WIFEXITED(status) && WEXITSTATUS(status) == 1 ? "changed into another" : "what it was");
}

static void test_signals(void) {
  pid_t pid = traced(take_signals);
  go(PTRACE_CONT, pid, 0);
  const int first = stopped_by(SIGUSR1);
  go(PTRACE_CONT, pid, 0);
  const int second = stopped_by(SIGUSR2);
  go(PTRACE_CONT, pid, SIGUSR1);
  printf("SIGUSR1 is %s, SIGUSR2 %s: handler says %d\n", first ? "taken away" : "missed",
         second ? "becomes SIGUSR1" : "is missed", WEXITSTATUS(status));
  pid = traced(fault);
  go(PTRACE_CONT, pid, 0);
  siginfo_t info;
  trace(PTRACE_GETSIGINFO, pid, 0, (long)&info);
  printf("siginfo of a stop by %s: si_addr %p, code %d\n", stopped_by(SIGSEGV) ? "SIGSEGV" : "another", info.si_addr, info.si_code);
  finish(pid);
}

static void test_events(void) {
  const pid_t pid = traced(have_children);
  trace(PTRACE_SETOPTIONS, pid, 0,
        PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT);
  trace(PTRACE_CONT, pid, 0, 0);
  printf("fork, vfork, clone, exec and exit events:");
  for (;;) {
    const pid_t who = waitpid(-1, &status, __WALL);
    if (who == pid && !WIFSTOPPED(status)) break;
    if (!WIFSTOPPED(status)) continue;
    const int event = status >> 16;
    if (who == pid && event != 0) {
      printf(" %d", event);
      long child = 0;
      trace(PTRACE_GETEVENTMSG, pid, 0, (long)&child);
      if (event <= 3 && child <= pid) printf("?");
    }
    trace(PTRACE_CONT, who, 0, event != 0 || who != pid || WSTOPSIG(status) == SIGCHLD ? 0 : WSTOPSIG(status));
  }
  putchar('\n');
}

static void test_fpu(void) {
  const pid_t pid = traced(load_x87);
  go(PTRACE_CONT, pid, 0);
  struct user_fpregs_struct classic;
  struct user_fpxregs_struct fx;
  trace(PTRACE_GETFPREGS, pid, 0, (long)&classic);
  trace(PTRACE_GETFPXREGS, pid, 0, (long)&fx);
  static const unsigned char one[10] = {0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f};
  memcpy(classic.st_space, one, sizeof one);
  trace(PTRACE_SETFPREGS, pid, 0, (long)&classic);
  go(PTRACE_CONT, pid, 0);
  if ((classic.cwd & 0xffff) == fx.cwd)
    printf("x87 control %#x by GETFPREGS and GETFPXREGS; st0 set to %s\n", fx.cwd, WEXITSTATUS(status) == 0 ? "1" : "nothing");
}

static void test_watchpoint(void) {
  const pid_t pid = traced(write_word);
  go(PTRACE_CONT, pid, 0);
  const long debug = offsetof(struct user, u_debugreg);
  trace(PTRACE_POKEUSER, pid, debug, (long)&word);
  trace(PTRACE_POKEUSER, pid, debug + 7 * 4, 0xd0001);  // L0, writes, 4 bytes
  go(PTRACE_CONT, pid, 0);
  siginfo_t info;
  trace(PTRACE_GETSIGINFO, pid, 0, (long)&info);
  const long seen = trace(PTRACE_PEEKDATA, pid, (long)&word, 0), dr6 = trace(PTRACE_PEEKUSER, pid, debug + 6 * 4, 0) & 15;
  printf("a watchpoint stops %s, code %s, DR6 says %ld; ", seen == 1 ? "after the write" : "elsewhere",
         info.si_code == 4 ? "TRAP_HWBKPT" : "another", dr6);
  printf("one in the kernel's addresses: %s\n", error_of(trace(PTRACE_POKEUSER, pid, debug, (long)0xff000000)));
  finish(pid);
}

static void test_attach(void) {
  pid_t pid = fork();
  if (pid == 0) {
    while (word == 0x12345678) usleep(1000);
    _exit(word);
  }
  trace(PTRACE_ATTACH, pid, 0, 0);
  wait_for(pid);
  const int signal = WSTOPSIG(status);
  char name[32];
  snprintf(name, sizeof name, "/proc/%d/mem", pid);
  const int memory = open(name, O_RDWR);
  long seen = 0, five_word = 5;
  pread(memory, &seen, 4, (unsigned)&word);
  pwrite(memory, &five_word, 4, (unsigned)&word);
  close(memory);
  trace(PTRACE_DETACH, pid, 0, 0);
  waitpid(pid, &status, 0);
  printf("attached, stopped by %d, memory %s by /proc/PID/mem and written, detached, it ends with %d\n", signal,
         seen == 0x12345678 ? "read" : "not read", WEXITSTATUS(status));

  pid = fork();
  if (pid == 0)
    for (;;) pause();
  trace(PTRACE_SEIZE, pid, 0, 0);
  trace(PTRACE_INTERRUPT, pid, 0, 0);
  wait_for(pid);
  const int event = status >> 16;
  trace(PTRACE_KILL, pid, 0, 0);
  wait_for(pid);
  printf("seized, interrupted: event %d; killed by %d\n", event, WTERMSIG(status));

  pid = traced(end_with_word);
  const char* stranger = error_of(trace(PTRACE_CONT, 1, 0, 0));
  const char* twice = error_of(trace(PTRACE_ATTACH, pid, 0, 0));
  kill(pid, SIGCONT);
  const pid_t other = fork();
  if (other == 0)
    for (;;) pause();
  trace(PTRACE_SEIZE, other, 0, 0);
  const char* running = error_of(trace(PTRACE_PEEKDATA, other, (long)&word, 0));
  printf("of a stranger %s, running %s, twice %s\n", stranger, running, twice);
  finish(pid);
  finish(other);
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  test_memory();
  test_steps();
  test_calls();
  test_signals();
  test_events();
  test_fpu();
  test_watchpoint();
  test_attach();
}
