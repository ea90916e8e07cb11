#include "proc/task.hpp"

#include <new>

#include "arch/stack.hpp"
#include "arch/time.hpp"
#include "lib/print.hpp"
#include "lib/string.hpp"
#include "mm/buddy.hpp"
#include "mm/slab.hpp"
#include "mm/stats.hpp"
#include "proc/fpu.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/scheduler.hpp"

namespace ido {

namespace {

constexpr u32 kStackOrder = 2;
static_assert((kPageSize << kStackOrder) == layout::kKernelStackSize);
constexpr i32 kLargestPid = 32767;

SlabCache task_cache{"task", sizeof(Task)};
SlabCache process_cache{"process", sizeof(Process)};
TaskList tasks;
ProcessList processes;
u32 count;
u64 made;
i32 last_pid;

i32 free_pid() {
  for (;;) {
    last_pid = last_pid == kLargestPid ? 2 : last_pid + 1;
    bool taken = find_task(last_pid) != nullptr || find_process(last_pid) != nullptr;
    // The numbers of groups and sessions live on after their founders.
    for (Process& p : processes) taken = taken || p.group == last_pid || p.session == last_pid;
    if (!taken) return last_pid;
  }
}

}  // namespace

ProcessList& all_processes() { return processes; }
TaskList& all_tasks() { return tasks; }
u32 task_count() { return count; }
u64 tasks_made() { return made; }

Process* find_process(i32 pid) {
  for (Process& p : processes)
    if (p.pid == pid) return &p;
  return nullptr;
}

Task* find_task(i32 tid) {
  for (Task& t : tasks)
    if (t.tid == tid) return &t;
  return nullptr;
}

Or<Task*> create_task(Process& process, const char* name) {
  void* memory = task_cache.allocate();
  if (memory == nullptr) return fail(Errno::kNoMem);
  void* stack = allocate_kernel_pages(kStackOrder, "kernel stack");
  if (stack == nullptr) {
    task_cache.release(memory);
    return fail(Errno::kNoMem);
  }
  kernel_stack_pages += 1u << kStackOrder;
  auto* task = new (memory) Task;
  *static_cast<u32*>(stack) = kStackCanary;
  task->stack = stack;
  task->process = &process;
  task->tid = process.thread_count == 0 && process.pid != 0 ? process.pid : free_pid();
  format_to(task->name, sizeof task->name, "%s", name);
  task->state = TaskState::kSleeping;
  fpu::reset(*task);
  const InterruptGuard guard;  // interrupt handlers send signals: they walk these lists
  process.threads.push_back(*task);
  ++process.thread_count;
  tasks.push_back(*task);
  ++count;
  ++made;
  return task;
}

void destroy_task(Task& task) {
  KASSERT(task.state == TaskState::kDead && !task.run_node.linked());
  fpu::forget(task);
  {
    const InterruptGuard guard;
    tasks.remove(task);
    --count;
  }
  free_kernel_pages(task.stack, kStackOrder);
  kernel_stack_pages -= 1u << kStackOrder;
  task.~Task();
  task_cache.release(&task);
}

Or<Process*> create_process(Process* parent) {
  void* memory = process_cache.allocate();
  if (memory == nullptr) return fail(Errno::kNoMem);
  auto* process = new (memory) Process;
  process->pid = free_pid();
  process->parent = parent;
  process->start_ns = now_ns();
  const InterruptGuard guard;
  if (parent != nullptr) parent->children.push_back(*process);
  processes.push_back(*process);
  return process;
}

void destroy_process(Process& process) {
  KASSERT(process.threads.empty() && process.children.empty());
  stop_timer(process.alarm);
  {
    const InterruptGuard guard;
    if (process.sibling.linked()) process.parent->children.remove(process);
    processes.remove(process);
  }
  process.~Process();
  process_cache.release(&process);
}

Or<Task*> start_kernel_thread(const char* name, void (*run)(void* context), void* context) {
  Process* process = TRY(create_process(&kernel_process_of_boot()));
  auto task = create_task(*process, name);
  if (!task) {
    destroy_process(*process);
    return fail(task.error());
  }
  task.value()->saved_esp =
      make_first_switch(task.value()->stack, thread_entry, reinterpret_cast<u32>(run), reinterpret_cast<u32>(context));
  make_runnable(*task.value());
  return task.value();
}

}  // namespace ido

// A kernel thread's first and last function, see arch/switch.S.
extern "C" [[noreturn]] void thread_main(void (*run)(void*), void* context) {
  using namespace ido;
  finish_switch();
  asm volatile("sti" : : : "memory");
  run(context);
  exit_thread(0);
}
