// The frame that a signal handler runs on, in the user's stack, with the i386 layouts (Linux asm/sigcontext.h,
// asm/ucontext.h). Frames nest: each holds all that the interrupted code had, FPU state and signal mask included.
#pragma once

#include "proc/signal.hpp"

namespace ido {

struct Task;
struct TrapFrame;

// Pushes a frame and points `frame` at the handler. Settles an interrupted system call first. Errno::kFault.
Or<> push_signal_frame(Task& task, TrapFrame& frame, const SignalAction& action, const SignalInfo& info);

// The system calls that end a handler: put everything back from the frame that ESP points at.
enum class FrameKind : u8 { kPlain, kRealTime };
Or<> pop_signal_frame(Task& task, TrapFrame& frame, FrameKind kind);

// Fetches the EBP that SYSENTER's caller left on its stack into the frame, where it is INT 80h's sixth argument.
void fetch_ebp(TrapFrame& frame);

// The system call that the frame is of ended with kRestartSys or kRestartNoHandler.
bool wants_restart(const TrapFrame& frame);
void restart_system_call(TrapFrame& frame);

// siginfo_t of the i386 ABI.
struct UserSignalInfo {
  i32 number, error, code;
  u32 fields[29];
};
static_assert(sizeof(UserSignalInfo) == 128);
UserSignalInfo user_info(const SignalInfo& info);
SignalInfo signal_info_of(const UserSignalInfo& from);

// Without SIGKILL and SIGSTOP.
void set_blocked(Task& task, SignalSet blocked);
// The same until the running call has returned and its signals are handled (sigsuspend, ppoll, pselect).
void block_during_call(Task& task, SignalSet blocked);

}  // namespace ido
