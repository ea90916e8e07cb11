#include "fake_tasks.hpp"

#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "fake.hpp"
#include "lib/limits.hpp"
#include "lib/print.hpp"
#include "lib/process.hpp"
#include "lib/wait.hpp"

namespace ido {

struct Task {
  ucontext_t context;
  std::vector<u8> stack = std::vector<u8>(256 * 1024);
  std::function<void()> body;
  HeldLocks locks;
  bool ready = true, ended = false, timed = false;
  u64 wake_ns = 0;
};

}  // namespace ido

namespace {

using namespace base;
using ido::Task;

std::vector<std::unique_ptr<Task>> tasks;
Task* running;
ucontext_t scheduler;
u32 random_state = 1;
u64 clock_ns;
i32 kmaps;
std::string log_text;

u32 next_random() { return random_state = random_state * 1664525 + 1013904223; }

void leave() {
  if (running == nullptr) ido::panic("a test without tasks has to wait for ever");
  if (kmaps != 0) ido::panic("a task sleeps with %d kmaps held", kmaps);
  swapcontext(&running->context, &scheduler);
}

void enter_body() {
  running->body();
  running->ended = true;
  swapcontext(&running->context, &scheduler);
}

constexpr u64 kTurn_ns = 1'000'000;  // what a task runs for between two switches

// A ready task by chance, timed sleepers that are due among them; else the first timed sleeper.
Task* pick() {
  std::vector<Task*> ready;
  Task* sleeper = nullptr;
  bool any = false;
  clock_ns += kTurn_ns;
  for (auto& t : tasks) {
    any |= !t->ended;
    if (!t->ended && (t->ready || (t->timed && t->wake_ns <= clock_ns))) ready.push_back(t.get());
    if (!t->ended && !t->ready && t->timed && (sleeper == nullptr || t->wake_ns < sleeper->wake_ns)) sleeper = t.get();
  }
  if (!ready.empty()) return ready[(next_random() >> 16) % ready.size()];
  if (sleeper == nullptr && any) ido::panic("all tasks wait for ever");
  if (sleeper != nullptr && sleeper->wake_ns > clock_ns) clock_ns = sleeper->wake_ns;
  return sleeper;
}

}  // namespace

namespace fake {

void kmaps_held(i32 change) { kmaps += change; }
u64 now_ns() { return clock_ns; }
std::string take_log() { return std::exchange(log_text, {}); }

static void start(const std::function<void()>& body) {
  auto task = std::make_unique<Task>();
  task->body = body;
  getcontext(&task->context);
  task->context.uc_stack.ss_sp = task->stack.data();
  task->context.uc_stack.ss_size = task->stack.size();
  makecontext(&task->context, enter_body, 0);
  tasks.push_back(std::move(task));
}

void run_tasks(u32 seed, std::initializer_list<std::function<void()>> bodies) {
  random_state = seed;
  for (const auto& body : bodies) start(body);
  while (Task* next = pick()) {
    running = next;
    next->ready = true;
    swapcontext(&scheduler, &next->context);
    running = nullptr;
  }
  tasks.clear();
}

}  // namespace fake

namespace ido {

void WaitQueue::wait() {
  if (running == nullptr) panic("a test without tasks has to wait for ever");
  Waiter me{running, {}};
  waiters_.push_back(me);
  running->ready = false;
  running->timed = false;
  leave();
  if (me.node.linked()) waiters_.remove(me);
}

Or<> WaitQueue::wait_interruptible() {
  wait();
  return {};
}

Or<> WaitQueue::wait_interruptible_for(u64 nanoseconds) {
  if (running == nullptr) {
    clock_ns += nanoseconds;
    return fail(Errno::kTimedOut);
  }
  Waiter me{running, {}};
  waiters_.push_back(me);
  running->ready = false;
  running->timed = true;
  running->wake_ns = clock_ns + nanoseconds;
  leave();
  if (!me.node.linked()) return {};
  waiters_.remove(me);
  return fail(Errno::kTimedOut);
}

void WaitQueue::wake_one() {
  if (Waiter* w = waiters_.pop_front()) w->task->ready = true;
}
void WaitQueue::wake_all() {
  while (!waiters_.empty()) wake_one();
}

void yield_if_due() {
  if (running != nullptr && (next_random() >> 16) % 2 == 0) leave();
}

u64 now_ns() { return clock_ns; }

HeldLocks& held_locks() {
  static HeldLocks without_tasks;
  return running == nullptr ? without_tasks : running->locks;
}
bool make_room_by_killing() { return false; }
u64 resource_limit(Resource r) { return r == Resource::kStack ? 8 * kMiB : kUnlimited; }

void print(const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  log_text += text;
}

u32 format_to(char* buffer, u32 size, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int n = vsnprintf(buffer, size, format, arguments);
  va_end(arguments);
  return static_cast<u32>(n);
}

void panic(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("panic: ", stderr);
  vfprintf(stderr, format, arguments);
  fputs("\n", stderr);
  abort();
}

}  // namespace ido
