// fork, vfork and clone.
#include "arch/stack.hpp"
#include "lib/string.hpp"
#include "mm/mm.hpp"
#include "mm/stats.hpp"
#include "mm/uaccess.hpp"
#include "proc/fpu.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/scheduler.hpp"
#include "proc/tls.hpp"

namespace ido {

namespace {

// Pages of memory a task: a small forked process has some 30 of its own (stacks, page tables, touched data). With the
// limit, a fork bomb meets EAGAIN, as fork(2) says, while there is memory left for what is to end it.
constexpr u32 kPagesPerTask = 64;

// What a new process has from its parent. On failure the caller destroys the child.
Or<> inherit(Process& child, Process& parent, u32 flags) {
  child.group = parent.group;
  child.session = parent.session;
  child.umask = parent.umask;
  child.credentials = parent.credentials;
  child.root = parent.root;
  child.limits = parent.limits;
  child.oom_adjustment = parent.oom_adjustment;
  child.directory = parent.directory;
  child.program = parent.program;
  memcpy(child.actions, parent.actions, sizeof child.actions);
  child.exit_signal = static_cast<i32>(flags & clone_flag::kSignalMask);
  if (flags & clone_flag::kFiles)
    child.files = parent.files;
  else
    child.files = TRY(parent.files->clone());
  if (flags & clone_flag::kVm)
    child.local_segments = parent.local_segments;
  else if (parent.local_segments)
    child.local_segments = TRY(parent.local_segments->clone());
  if (flags & clone_flag::kVm) {
    child.mm = parent.mm;
    child.mm->get();
  } else {
    child.mm = TRY(parent.mm->clone());
  }
  return {};
}

void abandon(Process& process) {
  if (process.mm != nullptr) process.mm->put();
  destroy_process(process);
}

void abandon_thread(Task& task) {
  Process& process = *task.process;
  {
    const InterruptGuard guard;
    process.threads.remove(task);
    --process.thread_count;
  }
  task.state = TaskState::kDead;
  destroy_task(task);
}

// The user's side of the new task: registers, stack, TLS, identifiers where the flags want them.
Or<> set_up(Task& task, Task& parent, const CloneArguments& arguments, const TrapFrame& frame) {
  task.uses_user_memory = true;
  task.blocked = parent.blocked;
  task.nice = parent.nice;
  task.policy = parent.policy;
  task.priority = parent.priority;
  memcpy(task.tls, parent.tls, sizeof task.tls);
  fpu::save(parent);
  task.fpu = parent.fpu;
  if (!(arguments.flags & clone_flag::kVm)) {
    task.alternate_stack = parent.alternate_stack;
    task.alternate_stack_size = parent.alternate_stack_size;
  }
  TrapFrame& child_frame = task.user_frame();
  child_frame = frame;
  child_frame.eax = 0;
  child_frame.vector = 0;
  if (parent.trace.step) child_frame.eflags &= ~eflags::kTrap;
  if (arguments.stack != 0) child_frame.esp = arguments.stack;
  task.saved_esp = make_first_switch(task.stack, fork_entry, 0, 0);

  if (arguments.flags & clone_flag::kSetTls) TRY(set_thread_area(task, arguments.tls));
  if (arguments.flags & clone_flag::kParentSetTid) TRY(put_user(arguments.parent_tid, task.tid));
  if (arguments.flags & clone_flag::kChildSetTid)
    TRY(copy_to_user(*task.process->mm, arguments.child_tid, &task.tid, sizeof task.tid));
  if (arguments.flags & clone_flag::kChildClearTid) task.clear_tid_address = arguments.child_tid;
  return {};
}

}  // namespace

Or<i32> clone_task(const CloneArguments& arguments, const TrapFrame& frame) {
  const u32 flags = arguments.flags;
  Task& parent_task = *current();
  Process& parent = *parent_task.process;
  const bool thread = flags & clone_flag::kThread;
  if (thread && !(flags & clone_flag::kVm)) return fail(Errno::kInval);
  if (task_count() >= memory_info().total_pages / kPagesPerTask) return fail(Errno::kAgain);

  Process* process = &parent;
  if (!thread) {
    process = TRY(create_process(&parent));
    if (auto inherited = inherit(*process, parent, flags); !inherited) {
      abandon(*process);
      return fail(inherited.error());
    }
  }
  auto created = create_task(*process, parent_task.name);
  Errno reason = Errno::kNoMem;
  if (created.ok()) {
    auto ready = set_up(**created, parent_task, arguments, frame);
    if (ready.ok())
      reason = Errno{0};
    else
      reason = ready.error();
  }
  if (reason != Errno{0}) {
    if (created.ok()) abandon_thread(**created);
    if (!thread) abandon(*process);
    return fail(reason);
  }

  const i32 tid = (*created)->tid;
  const u32 event = flags & clone_flag::kVfork                             ? trace::event::kVfork
                    : (flags & clone_flag::kSignalMask) == u32(sig::kChld) ? trace::event::kFork
                                                                           : trace::event::kClone;
  if (!(flags & clone_flag::kUntraced)) trace::inherit(**created, parent_task, event);
  if (!(flags & clone_flag::kVfork)) {
    make_runnable(**created);
    trace::report_event(event, static_cast<u32>(tid));
    return tid;
  }
  VforkDone done;
  process->vfork_done = &done;
  make_runnable(**created);
  trace::report_event(event, static_cast<u32>(tid));
  while (!done.done) done.queue.wait();
  trace::report_event(trace::event::kVforkDone, static_cast<u32>(tid));
  return tid;
}

void finish_vfork(Process& child) {
  if (child.vfork_done == nullptr) return;
  child.vfork_done->done = true;
  child.vfork_done->queue.wake_all();
  child.vfork_done = nullptr;
}

}  // namespace ido
