// Sleeping and waking (lib/wait.hpp). Interrupts are off from the check of the condition to the switch.
#include "arch/interrupts.hpp"
#include "arch/time.hpp"
#include "lib/print.hpp"
#include "lib/wait.hpp"
#include "proc/lifetime.hpp"
#include "proc/scheduler.hpp"

namespace ido {

namespace {

enum class Interruptible : u8 { kNo, kYes };

void expire(Timer& timer) { make_runnable(*static_cast<Task*>(timer.context)); }

Or<> sleep(Interruptible interruptible, u64 nanoseconds) {
  const InterruptGuard guard;
  KASSERT(!in_interrupt());
  Task& task = *current();
  const auto signalled = [&] { return interruptible == Interruptible::kYes && signal_deliverable(task); };
  Timer timer;
  timer.expire = expire;
  timer.context = &task;
  const u64 deadline = nanoseconds >= kForever - now_ns() ? kForever : now_ns() + nanoseconds;
  if (deadline != kForever) start_timer(timer, deadline);
  while (!task.woken && !signalled() && (deadline == kForever || timer.armed())) {
    task.state = interruptible == Interruptible::kYes ? TaskState::kInterruptible : TaskState::kSleeping;
    schedule();
  }
  stop_timer(timer);
  const bool woken = task.woken;
  task.woken = false;
  if (woken) return {};
  return fail(signalled() ? Errno::kIntr : Errno::kTimedOut);
}

// Stands in a queue for as long as it lives.
class Place {
 public:
  explicit Place(WaitQueue& queue) {
    current()->woken = false;
    queue.add(waiter_);
  }
  ~Place() { WaitQueue::remove(waiter_); }

 private:
  Waiter waiter_;
};

}  // namespace

void WaitQueue::add(Waiter& waiter) {
  const InterruptGuard guard;
  waiter.task = current();
  waiters_.push_back(waiter);
}

void WaitQueue::remove(Waiter& waiter) {
  const InterruptGuard guard;
  if (waiter.node.linked()) IntrusiveList<Waiter, &Waiter::node>::remove(waiter);
}

void WaitQueue::wait() {
  const InterruptGuard guard;
  Place place(*this);
  (void)sleep(Interruptible::kNo, kForever);
}

Or<> WaitQueue::wait_interruptible() {
  auto waited = wait_interruptible_for(kForever);
  if (!waited) return fail(Errno::kRestartSys);
  return {};
}

Or<> WaitQueue::wait_interruptible_for(u64 nanoseconds) {
  const InterruptGuard guard;
  Place place(*this);
  return sleep(Interruptible::kYes, nanoseconds);
}

void WaitQueue::wake_all() {
  const InterruptGuard guard;
  while (Waiter* waiter = waiters_.pop_front()) wake(*waiter->task);
}

void WaitQueue::wake_one() {
  const InterruptGuard guard;
  if (Waiter* waiter = waiters_.pop_front()) wake(*waiter->task);
}

Or<> sleep_interruptible_for(u64 nanoseconds) { return sleep(Interruptible::kYes, nanoseconds); }

void sleep_for(u64 nanoseconds) {
  current()->woken = false;
  (void)sleep(Interruptible::kNo, nanoseconds);
}

}  // namespace ido
