#include "proc/scheduler.hpp"

#include "arch/cpu.hpp"
#include "arch/descriptors.hpp"
#include "arch/interrupts.hpp"
#include "arch/kmap.hpp"
#include "arch/stack.hpp"
#include "arch/time.hpp"
#include "arch/traps.hpp"
#include "lib/print.hpp"
#include "lib/random.hpp"
#include "lib/string.hpp"
#include "mm/buddy.hpp"
#include "mm/mm.hpp"
#include "proc/fpu.hpp"
#include "proc/lifetime.hpp"
#include "proc/task.hpp"

extern "C" char boot_stack[];

namespace ido {

namespace {

constexpr u32 kSliceTicks = 2;  // 8 ms
constexpr u64 kTickNs = kNsPerSecond / kTickHz;

IntrusiveList<Task, &Task::run_node> run_queue;  // runnable, without the running one and the idle task
Process kernel_process;
Task idle_task;
Task* running;
Task* leaving;  // dead, until another's stack is in use
bool reschedule;

constexpr u32 kLoadTicks = 5 * kTickHz;
Load loads;

void count_load() {
  // Decay over 5 s of a mean over 1, 5 and 15 minutes: 65536 * exp(-5 / 60) and so on.
  constexpr u32 kDecay[3] = {60296, 64453, 65173};
  u32 active = running != &idle_task ? 1 : 0;
  for (auto i = run_queue.begin(); i != run_queue.end(); ++i) ++active;
  for (u32 i = 0; i < 3; ++i)
    loads.averages[i] =
        static_cast<u32>((u64{loads.averages[i]} * kDecay[i] + (u64{active} << 16) * (65536 - kDecay[i])) >> 16);
}

void request_reschedule() {
  reschedule = true;
  request_user_return_work();
}

void on_tick(TrapFrame& frame) {
  stir_random(read_tsc());
  run_timers();
  (frame.from_user() ? running->user_ns : running->system_ns) += kTickNs;
  Process& process = *running->process;
  if (frame.from_user() && process.virtual_timer.count(kTickNs))
    send_signal(process, {.number = sig::kVtAlrm, .code = 0x80 /* SI_KERNEL */});
  if (process.profiling_timer.count(kTickNs)) send_signal(process, {.number = sig::kProf, .code = 0x80});
  if (ticks() % kLoadTicks == 0) count_load();
  if (running->slice_ticks > 0) --running->slice_ticks;
  if (running->slice_ticks == 0 && !run_queue.empty()) request_reschedule();
}

// Until nothing is left to do: another task may run meanwhile, a signal come, a mask that a call had set be put back.
void on_user_return(TrapFrame& frame) {
  for (;;) {
    if (reschedule) {
      schedule();
      continue;
    }
    settle_step(frame);
    if (running->trace.interrupted) trace::stop_for_tracer(sig::kTrap | trace::event::kStop << 8, nullptr);
    if (signal_deliverable(*running)) {
      asm volatile("sti" : : : "memory");
      deliver_signals(frame);
      asm volatile("cli" : : : "memory");
    }
    settle_restart(frame);
    if (reschedule || signal_deliverable(*running)) continue;
    user_return_work = running->trace.needs_care() ? 1 : 0;
    trace::load_breakpoints(*running);
    return;
  }
}

void check_canary(const Task& task) {
  if (*static_cast<const u32*>(task.stack) != kStackCanary)
    panic("task %d (%s) overflowed its kernel stack", task.tid, task.name);
}

u64 switches;  // from task to task

void load_context(Task& task) {
  running = &task;
  request_user_return_work();
  if (!task.uses_user_memory) {
    set_current_mm(nullptr);
    return;
  }
  show_stack(task.stack);
  activate_mm(task.process->mm);
  load_tls(task.tls);
  const Ldt* ldt = task.process->local_segments ? &task.process->local_segments->table() : nullptr;
  if (ldt != nullptr || running_ldt() != nullptr) load_ldt(ldt);
  fpu::switch_to(task);
}

}  // namespace

void activate_mm(Mm* mm) {
  set_current_mm(mm);
  set_user_tables(mm == nullptr ? nullptr : &mm->table());
}

void refresh_context() {
  const InterruptGuard guard;
  load_context(*running);
}

void finish_switch() {
  if (leaving == nullptr) return;
  Task* dead = leaving;
  leaving = nullptr;
  destroy_task(*dead);
}

Task* current() { return running; }

void init_scheduler() {
  idle_task.process = &kernel_process;
  idle_task.stack = boot_stack;
  *reinterpret_cast<u32*>(boot_stack) = kStackCanary;
  memcpy(idle_task.name, "swapper", 8);
  kernel_process.threads.push_back(idle_task);
  kernel_process.thread_count = 1;
  running = &idle_task;
  set_tick_hook(on_tick);
  set_user_return_hook(on_user_return);
}

HeldLocks& held_locks() {
  static HeldLocks before_tasks;
  return running == nullptr ? before_tasks : running->locks;
}

void schedule() {
  const InterruptGuard guard;
  KASSERT(!in_interrupt());
  if (lock_check_on() && kmaps_in_use() > 0) panic("task %d (%s) sleeps with a kmap", running->tid, running->name);
  Task& previous = *running;
  check_canary(previous);
  if (previous.state == TaskState::kRunnable && &previous != &idle_task) run_queue.push_back(previous);
  if (previous.state == TaskState::kDead) leaving = &previous;
  KASSERT(&previous != &idle_task || previous.state == TaskState::kRunnable);
  Task* next = run_queue.pop_front();
  if (next == nullptr) next = &idle_task;
  reschedule = false;
  next->slice_ticks = kSliceTicks;
  if (next == &previous) return;
  ++switches;
  load_context(*next);
  switch_stacks(&previous.saved_esp, next->saved_esp);
  finish_switch();
}

void make_runnable(Task& task) {
  const InterruptGuard guard;
  if (task.state == TaskState::kRunnable || task.state == TaskState::kDead) return;
  task.state = TaskState::kRunnable;
  if (task.uses_user_memory) {
    run_queue.push_back(task);
    if (running == &idle_task || running->slice_ticks == 0) request_reschedule();
  } else {
    // The kernel's own threads are few and sleep mostly: what they answer, hotplug events say, should not wait in line.
    run_queue.push_front(task);
    request_reschedule();
  }
}

void wake(Task& task) {
  const InterruptGuard guard;
  task.woken = true;
  if (task.state == TaskState::kSleeping || task.state == TaskState::kInterruptible) make_runnable(task);
}

void yield_if_due() {
  if (reschedule && running != &idle_task) schedule();
}

bool others_are_runnable() { return !run_queue.empty(); }

void idle() {
  for (;;) {
    asm volatile("cli" : : : "memory");
    if (run_queue.empty()) {
      // STI takes effect after the next instruction: no interrupt falls between it and HLT.
      asm volatile("sti; hlt" : : : "memory");
    } else {
      schedule();
    }
  }
}

Load load() {
  Load l = loads;
  l.runnable = running != &idle_task ? 1 : 0;
  for (auto i = run_queue.begin(); i != run_queue.end(); ++i) ++l.runnable;
  l.tasks = task_count();
  return l;
}

u64 context_switches() { return switches; }

u64 idle_ns() { return idle_task.user_ns + idle_task.system_ns; }

Process& kernel_process_of_boot() { return kernel_process; }

}  // namespace ido

// Where a forked task's first switch ends, see arch/switch.S.
extern "C" void finish_fork(ido::TrapFrame* frame) {
  ido::finish_switch();
  ido::prepare_user_return(*frame);
}
