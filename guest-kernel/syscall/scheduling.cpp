// The scheduler's calls. There is one processor and one queue, round robin: what programs set of policies and niceness
// is checked, kept and told back.
#include "arch/time.hpp"
#include "proc/scheduler.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kOther = 0, kFifo = 1, kRoundRobin = 2, kBatch = 3, kIdle = 5;
constexpr i32 kLeastNice = -20, kMostNice = 19;
constexpr i32 kMostPriority = 99;  // of the real-time policies

bool real_time(u32 policy) { return policy == kFifo || policy == kRoundRobin; }

Or<Task*> task_of(Call& call, u32 pid) {
  Task* task = pid == 0 ? &call.task : find_task(static_cast<i32>(pid));
  if (task == nullptr) return fail(Errno::kSrch);
  return task;
}

i32 clamp_nice(i32 nice) { return nice < kLeastNice ? kLeastNice : nice > kMostNice ? kMostNice : nice; }

Or<> renice(Call& call, Task& task, i32 nice) {
  if (nice < task.nice && !call.task.process->credentials.privileged()) return fail(Errno::kAcces);
  task.nice = static_cast<i8>(nice);
  return {};
}

Or<> set_policy(Call& call, Task& task, u32 policy, i32 priority) {
  if (policy > kIdle || policy == 4) return fail(Errno::kInval);
  if (real_time(policy) ? priority < 1 || priority > kMostPriority : priority != 0) return fail(Errno::kInval);
  if (real_time(policy) && !call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  task.policy = static_cast<u8>(policy);
  task.priority = static_cast<u8>(priority);
  return {};
}

// Calls visit(task) for each that getpriority(2) and setpriority(2) name. Errno::kSrch: none.
template <class Visit>
Or<> for_each_named(Call& call, u32 which, u32 who, Visit visit) {
  constexpr u32 kProcess = 0, kGroup = 1, kUser = 2;
  if (which > kUser) return fail(Errno::kInval);
  Process& self = *call.task.process;
  const i32 id = static_cast<i32>(who);
  bool any = false;
  for (Task& task : all_tasks()) {
    const Process& p = *task.process;
    const bool named = which == kProcess ? task.tid == (id == 0 ? call.task.tid : id)
                       : which == kGroup ? p.group == (id == 0 ? self.group : id)
                                         : p.credentials.user.real == (who == 0 ? self.credentials.user.real : who);
    if (!named || p.mm == nullptr) continue;
    any = true;
    TRY(visit(task));
  }
  if (!any) return fail(Errno::kSrch);
  return {};
}

}  // namespace

Or<u32> sys_sched_yield(Call&) {
  schedule();
  return 0;
}

// One processor, one node.
Or<u32> sys_getcpu(Call& call) {
  if (call[0] != 0) TRY(put_user(call[0], u32{0}));
  if (call[1] != 0) TRY(put_user(call[1], u32{0}));
  return 0;
}

// One processor: the only mask is 1.
Or<u32> sys_sched_getaffinity(Call& call) {
  TRY(task_of(call, call[0]));
  if (call[1] < 4) return fail(Errno::kInval);
  TRY(put_user(call[2], u32{1}));
  return 4;
}
Or<u32> sys_sched_setaffinity(Call& call) {
  TRY(task_of(call, call[0]));
  if (!(TRY(get_user<u32>(call[2])) & 1)) return fail(Errno::kInval);
  return 0;
}

Or<u32> sys_nice(Call& call) {
  const i32 change = static_cast<i32>(call[0]);
  const i32 step = change < -40 ? -40 : change > 40 ? 40 : change;
  auto done = renice(call, call.task, clamp_nice(call.task.nice + step));
  if (!done) return fail(Errno::kPerm);
  return 0;
}

// 20 - nice of the most favoured, as the kernel returns it.
Or<u32> sys_getpriority(Call& call) {
  i32 best = kMostNice;
  TRY(for_each_named(call, call[0], call[1], [&](Task& task) -> Or<> {
    if (task.nice < best) best = task.nice;
    return {};
  }));
  return static_cast<u32>(20 - best);
}
Or<u32> sys_setpriority(Call& call) {
  const i32 nice = clamp_nice(static_cast<i32>(call[2]));
  TRY(for_each_named(call, call[0], call[1], [&](Task& task) { return renice(call, task, nice); }));
  return 0;
}

Or<u32> sys_sched_getscheduler(Call& call) { return TRY(task_of(call, call[0]))->policy; }
Or<u32> sys_sched_setscheduler(Call& call) {
  Task& task = *TRY(task_of(call, call[0]));
  const i32 priority = TRY(get_user<i32>(call[2]));
  TRY(set_policy(call, task, call[1], priority));
  return 0;
}
Or<u32> sys_sched_getparam(Call& call) {
  const Task& task = *TRY(task_of(call, call[0]));
  TRY(put_user(call[1], i32{task.priority}));
  return 0;
}
Or<u32> sys_sched_setparam(Call& call) {
  Task& task = *TRY(task_of(call, call[0]));
  const i32 priority = TRY(get_user<i32>(call[1]));
  TRY(set_policy(call, task, task.policy, priority));
  return 0;
}
Or<u32> sys_sched_get_priority_max(Call& call) {
  if (call[0] > kIdle) return fail(Errno::kInval);
  return static_cast<u32>(real_time(call[0]) ? kMostPriority : 0);
}
Or<u32> sys_sched_get_priority_min(Call& call) {
  if (call[0] > kIdle) return fail(Errno::kInval);
  return real_time(call[0]) ? 1u : 0u;
}

namespace {
constexpr u32 kSliceNs = 8'000'000;  // proc/scheduler.cpp
}
Or<u32> sys_sched_rr_get_interval(Call& call) {
  TRY(task_of(call, call[0]));
  const u32 slice[2] = {0, kSliceNs};
  TRY(put_user(call[1], slice));
  return 0;
}
Or<u32> sys_sched_rr_get_interval_time64(Call& call) {
  TRY(task_of(call, call[0]));
  const u64 slice[2] = {0, kSliceNs};
  TRY(put_user(call[1], slice));
  return 0;
}

}  // namespace ido
