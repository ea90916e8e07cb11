// Signals: numbers, sets, actions, and what sends and delivers them. Linux i386 semantics (signal(7)); standard signals
// do not queue.
#pragma once

#include "lib/errno.hpp"

namespace ido {

struct Task;
struct Process;
struct TrapFrame;
struct QueuedSignal;

namespace sig {
inline constexpr i32 kHup = 1, kInt = 2, kQuit = 3, kIll = 4, kTrap = 5, kAbrt = 6, kBus = 7, kFpe = 8, kKill = 9,
                     kUsr1 = 10, kSegv = 11, kUsr2 = 12, kPipe = 13, kAlrm = 14, kTerm = 15, kStkFlt = 16, kChld = 17,
                     kCont = 18, kStop = 19, kTstp = 20, kTtin = 21, kTtou = 22, kUrg = 23, kXCpu = 24, kXFsz = 25,
                     kVtAlrm = 26, kProf = 27, kWinch = 28, kIo = 29, kPwr = 30, kSys = 31;
inline constexpr i32 kCount = 64;  // signals are 1..kCount
}  // namespace sig

using SignalSet = u64;  // bit (n - 1) is signal n
constexpr SignalSet signal_bit(i32 n) { return u64{1} << (n - 1); }

// struct kernel_sigaction of the i386 ABI: what rt_sigaction reads and writes.
struct SignalAction {
  static constexpr u32 kDefault = 0, kIgnore = 1;  // values of handler
  static constexpr u32 kNoChildStop = 1, kNoChildWait = 2, kSigInfo = 4, kOnStack = 0x08000000, kRestart = 0x10000000,
                       kNoDefer = 0x40000000, kResetHand = 0x80000000, kRestorer = 0x04000000;  // bits of flags
  u32 handler = kDefault;
  u32 flags = 0;
  u32 restorer = 0;
  SignalSet mask = 0;
} __attribute__((packed));
static_assert(sizeof(SignalAction) == 20);

// What a handler with SA_SIGINFO is told.
struct SignalInfo {
  i32 number = 0;
  i32 code = 0;     // SI_USER 0, SI_KERNEL 0x80, or by signal (SEGV_MAPERR 1, ...)
  i32 pid = 0;      // sender, or the child of SIGCHLD; SI_TIMER: the timer
  u32 user = 0;     // the sender's real user; SI_TIMER: how often it was overrun
  i32 status = 0;   // SIGCHLD; SI_QUEUE and SI_TIMER: the value
  u32 address = 0;  // SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP

  bool is_fault() const {
    return code > 0 && code != 0x80 &&
           (number == sig::kSegv || number == sig::kBus || number == sig::kIll || number == sig::kFpe ||
            number == sig::kTrap);
  }
};

// To a process (any thread that does not block it) and to one thread. Safe in interrupt handlers.
// `own`: for signals that queue, the sender's entry (proc/signal_queue.hpp).
void send_signal(Process& process, const SignalInfo& info, QueuedSignal* own = nullptr);
void send_thread_signal(Task& task, const SignalInfo& info, QueuedSignal* own = nullptr);
bool signal_is_pending(Process& process, i32 number);  // to it or one of its threads
// A fault of the running task that it can neither block nor ignore.
void force_signal(const SignalInfo& info);

// sigtimedwait: takes a pending signal of `set` without running a handler. Errno::kAgain after `nanoseconds`
// (kForever: never), kIntr when another signal comes.
Or<SignalInfo> wait_signal(SignalSet set, u64 nanoseconds);

// Before the return to user mode: runs default actions, or builds a handler's frame. May not return (the task ends).
void deliver_signals(TrapFrame& frame);

bool signal_deliverable(const Task& task);

}  // namespace ido
