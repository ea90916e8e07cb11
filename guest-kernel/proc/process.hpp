// The life of processes and threads: fork and clone, exec, exit, wait. System calls in syscall/ are thin on top.
#pragma once

#include "lib/errno.hpp"
#include "proc/task.hpp"

namespace ido {

// Flags of clone(2).
namespace clone_flag {
inline constexpr u32 kVm = 0x100, kFs = 0x200, kFiles = 0x400, kSigHand = 0x800, kVfork = 0x4000, kParent = 0x8000,
                     kThread = 0x10000, kSetTls = 0x80000, kUntraced = 0x800000, kParentSetTid = 0x100000,
                     kChildClearTid = 0x200000, kChildSetTid = 0x1000000, kSignalMask = 0xff;
}  // namespace clone_flag

struct CloneArguments {
  u32 flags = 0;
  u32 stack = 0;       // user address, 0: the parent's
  u32 parent_tid = 0;  // user addresses
  u32 child_tid = 0;
  u32 tls = 0;  // struct user_desc
};

// Makes a child of the running task, which returns 0 in user mode from `frame`. Returns the child's tid.
Or<i32> clone_task(const CloneArguments& arguments, const TrapFrame& frame);

// Replaces the running process's program. `arguments` and `environment` are user addresses of arrays of strings.
Or<> execute(const char* path, u32 arguments, u32 environment, TrapFrame& frame);
// The same for the first process, with arguments of the kernel's own.
Or<> execute_first(const char* path, const char* const* arguments, const char* const* environment, TrapFrame& frame);

[[noreturn]] void exit_thread(i32 wait_status);   // the running thread; with the last one, the process
[[noreturn]] void exit_process(i32 wait_status);  // all threads

namespace wait_flag {
inline constexpr u32 kNoHang = 1, kUntraced = 2, kContinued = 8;
inline constexpr u32 kNotExited = 0x100;    // kernel-internal: leave out who has ended
inline constexpr u32 kNoReap = 0x01000000;  // report, and let it be reported again
}  // namespace wait_flag
struct WaitResult {
  i32 pid = 0;  // 0: kNoHang and nothing to report
  i32 wait_status = 0;
  u64 user_ns = 0, system_ns = 0;
};
// pid > 0: that child; 0: of the caller's group; -1: any; < -1: of group -pid.
Or<WaitResult> wait_child(i32 pid, u32 flags);

// Wakes one thread that sleeps on the futex at a user address: for CLONE_CHILD_CLEARTID. syscall implements it.
void futex_wake_one(Mm* mm, u32 address);

// Registers what a panic tells of tasks and memory.
void init_last_words();
// The power button: true when process 1 handles SIGPWR and was sent it. Else programs were asked to end and then made
// to, and the caller may switch off. In a thread that may sleep.
bool ask_for_power_off();

// Starts process 1: a kernel thread that calls `prepare` (which may sleep) and becomes /init, or the command line's
// init=.
void start_init(void (*prepare)());

}  // namespace ido
