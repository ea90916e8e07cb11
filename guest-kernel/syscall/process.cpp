// Processes: making, replacing, ending, waiting for them; identifiers and groups.
#include "proc/process.hpp"

#include "arch/time.hpp"
#include "proc/scheduler.hpp"
#include "proc/signal_frame.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kRobustHeadSize = 12;                         // struct robust_list_head
constexpr u64 kUsPerSecond = 1'000'000, kClockTicks = 100;  // CLK_TCK as user programs know it

struct TimeValue {
  i32 seconds, microseconds;
};
TimeValue time_value(u64 ns) {
  return {static_cast<i32>(ns / kNsPerSecond), static_cast<i32>(ns / (kNsPerSecond / kUsPerSecond) % kUsPerSecond)};
}

struct Usage {
  TimeValue user, system;
  i32 rest[14];
};
static_assert(sizeof(Usage) == 72);

struct ProcessorTime {
  u64 user_ns, system_ns;
};
ProcessorTime time_of(Process& process) {
  ProcessorTime t{process.dead_user_ns, process.dead_system_ns};
  for (const Task& task : process.threads) {
    t.user_ns += task.user_ns;
    t.system_ns += task.system_ns;
  }
  return t;
}

Or<> put_usage(u32 address, u64 user_ns, u64 system_ns, const Mm* mm = nullptr) {
  Usage usage{};
  if (mm != nullptr) {
    constexpr u32 kLargestSet = 0, kMinorFaults = 4, kMajorFaults = 5;
    usage.rest[kLargestSet] = static_cast<i32>((mm->counters.anonymous_pages + mm->counters.file_pages) * 4);  // KiB
    usage.rest[kMinorFaults] = static_cast<i32>(mm->counters.minor_faults);
    usage.rest[kMajorFaults] = static_cast<i32>(mm->counters.major_faults);
  }
  usage.user = time_value(user_ns);
  usage.system = time_value(system_ns);
  return put_user(address, usage);
}

Or<u32> wait_for(i32 pid, u32 status_address, u32 flags, u32 usage_address) {
  constexpr u32 kOfThreads = 0xe0000000;  // __WALL, __WCLONE, __WNOTHREAD
  if (flags & ~(wait_flag::kNoHang | wait_flag::kUntraced | wait_flag::kContinued | kOfThreads))
    return fail(Errno::kInval);
  const WaitResult r = TRY(wait_child(pid, flags));
  if (r.pid == 0) return 0;
  if (status_address != 0) TRY(put_user(status_address, r.wait_status));
  if (usage_address != 0) TRY(put_usage(usage_address, r.user_ns, r.system_ns));
  return static_cast<u32>(r.pid);
}

Or<u32> make_task(Call& call, const CloneArguments& arguments) {
  return static_cast<u32>(TRY(clone_task(arguments, call.frame)));
}

// pid 0: the caller.
Or<Process*> process_of(Call& call, u32 pid) {
  Process* process = pid == 0 ? call.task.process : find_process(static_cast<i32>(pid));
  if (process == nullptr) return fail(Errno::kSrch);
  return process;
}

}  // namespace

Or<u32> sys_fork(Call& call) { return make_task(call, {.flags = static_cast<u32>(sig::kChld)}); }
Or<u32> sys_vfork(Call& call) {
  return make_task(call, {.flags = clone_flag::kVm | clone_flag::kVfork | static_cast<u32>(sig::kChld)});
}
Or<u32> sys_clone(Call& call) {
  return make_task(call,
                   {.flags = call[0], .stack = call[1], .parent_tid = call[2], .child_tid = call[4], .tls = call[3]});
}

// C libraries try clone3 and go back to clone, which does all that threads need here.
Or<u32> sys_clone3(Call&) { return fail(Errno::kNoSys); }

Or<u32> sys_execve(Call& call) {
  UserPath path = TRY(UserPath::copy(call[0]));
  TRY(execute(path.c_str(), call[1], call[2], call.frame));
  return 0;  // EAX of the new program's start
}

namespace {
[[noreturn]] void leave(void (*how)(i32), u32 code) {
  how(static_cast<i32>(code & 0xff) << 8);
  __builtin_unreachable();
}
}  // namespace
Or<u32> sys_exit(Call& call) { leave(exit_thread, call[0]); }
Or<u32> sys_exit_group(Call& call) { leave(exit_process, call[0]); }

Or<u32> sys_waitpid(Call& call) { return wait_for(static_cast<i32>(call[0]), call[1], call[2], 0); }
Or<u32> sys_wait4(Call& call) { return wait_for(static_cast<i32>(call[0]), call[1], call[2], call[3]); }

// waitid(2): the same as siginfo_t.
Or<u32> sys_waitid(Call& call) {
  constexpr u32 kAll = 0, kPid = 1, kGroup = 2;
  constexpr u32 kExited = 4, kAllowed = wait_flag::kNoHang | wait_flag::kUntraced | kExited | wait_flag::kContinued |
                                        wait_flag::kNoReap;
  const u32 options = call[3];
  if (call[0] > kGroup || (options & ~kAllowed) ||
      !(options & (wait_flag::kUntraced | kExited | wait_flag::kContinued)))
    return fail(Errno::kInval);
  const i32 id = static_cast<i32>(call[1]);
  const i32 pid = call[0] == kAll ? -1 : call[0] == kPid ? id : -id;
  const WaitResult r = TRY(wait_child(pid, (options & ~kExited) | (options & kExited ? 0 : wait_flag::kNotExited)));
  SignalInfo info{.number = r.pid == 0 ? 0 : sig::kChld, .pid = r.pid};
  const i32 low = r.wait_status & 0xff;
  if (r.wait_status == 0xffff)
    info.code = 6, info.status = sig::kCont;  // CLD_CONTINUED
  else if (low == 0x7f)
    info.code = 5, info.status = r.wait_status >> 8;  // CLD_STOPPED
  else if (low == 0)
    info.code = 1, info.status = r.wait_status >> 8;  // CLD_EXITED
  else
    info.code = low & 0x80 ? 3 : 2, info.status = low & 0x7f;  // CLD_DUMPED, CLD_KILLED
  if (call[2] != 0) TRY(put_user(call[2], user_info(info)));
  return 0;
}

Or<u32> sys_getpid(Call& call) { return static_cast<u32>(call.task.process->pid); }
Or<u32> sys_gettid(Call& call) { return static_cast<u32>(call.task.tid); }
Or<u32> sys_getppid(Call& call) { return static_cast<u32>(call.task.process->parent->pid); }
Or<u32> sys_getpgrp(Call& call) { return static_cast<u32>(call.task.process->group); }
Or<u32> sys_getpgid(Call& call) { return static_cast<u32>(TRY(process_of(call, call[0]))->group); }
Or<u32> sys_getsid(Call& call) { return static_cast<u32>(TRY(process_of(call, call[0]))->session); }

Or<u32> sys_setsid(Call& call) {
  Process& process = *call.task.process;
  if (process.group == process.pid) return fail(Errno::kPerm);
  process.group = process.session = process.pid;
  return static_cast<u32>(process.session);
}

// setpgid(2): oneself or a child that has not executed a program, within the session.
Or<u32> sys_setpgid(Call& call) {
  Process& self = *call.task.process;
  Process& process = *TRY(process_of(call, call[0]));
  const i32 group = call[1] == 0 ? process.pid : static_cast<i32>(call[1]);
  if (group < 0) return fail(Errno::kInval);
  if (&process != &self && process.parent != &self) return fail(Errno::kSrch);
  if (process.session != self.session || process.session == process.pid) return fail(Errno::kPerm);
  if (&process != &self && process.has_executed) return fail(Errno::kAcces);
  bool exists = group == process.pid;
  for (const Process& p : all_processes()) exists = exists || (p.group == group && p.session == self.session);
  if (!exists) return fail(Errno::kPerm);
  process.group = group;
  return 0;
}

Or<u32> sys_set_tid_address(Call& call) {
  call.task.clear_tid_address = call[0];
  return static_cast<u32>(call.task.tid);
}
Or<u32> sys_get_robust_list(Call& call) {
  const Task* task = call[0] == 0 ? &call.task : find_task(static_cast<i32>(call[0]));
  if (task == nullptr) return fail(Errno::kSrch);
  TRY(put_user(call[2], kRobustHeadSize));
  TRY(put_user(call[1], task->robust_list));
  return 0;
}
Or<u32> sys_set_robust_list(Call& call) {
  if (call[1] != kRobustHeadSize) return fail(Errno::kInval);
  call.task.robust_list = call[0];
  return 0;
}

Or<u32> sys_times(Call& call) {
  const auto to_ticks = [](u64 ns) { return static_cast<i32>(ns / (kNsPerSecond / kClockTicks)); };
  Process& process = *call.task.process;
  const ProcessorTime own = time_of(process);
  const i32 times[4] = {to_ticks(own.user_ns), to_ticks(own.system_ns), to_ticks(process.children_user_ns),
                        to_ticks(process.children_system_ns)};
  if (call[0] != 0) TRY(put_user(call[0], times));
  return static_cast<u32>(to_ticks(now_ns()));
}

Or<u32> sys_getrusage(Call& call) {
  constexpr u32 kSelf = 0, kChildren = static_cast<u32>(-1), kThread = 1;
  Process& process = *call.task.process;
  const ProcessorTime own = time_of(process);
  if (call[0] == kSelf)
    TRY(put_usage(call[1], own.user_ns, own.system_ns, process.mm));
  else if (call[0] == kChildren)
    TRY(put_usage(call[1], process.children_user_ns, process.children_system_ns));
  else if (call[0] == kThread)
    TRY(put_usage(call[1], call.task.user_ns, call.task.system_ns, process.mm));
  else
    return fail(Errno::kInval);
  return 0;
}

}  // namespace ido
