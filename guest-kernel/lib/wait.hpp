// Sleeping and waking, and the locks made of them. Declared here so that mm and fs can wait; proc implements them.
//
// The kernel is not preemptive and has one processor: between two points that can sleep, a task runs alone but for
// interrupts. An interrupt handler may wake, never sleep. Where an interrupt handler makes the condition true, hold an
// InterruptGuard (arch/interrupts.hpp) around the check and the wait, or the wake falls between them and is lost:
//
//   InterruptGuard guard;
//   while (input.empty()) TRY(queue.wait_interruptible());
#pragma once

#include "base/intrusive_list.hpp"
#include "lib/errno.hpp"
#include "lib/lock_order.hpp"

namespace ido {

struct Task;

struct Waiter {
  Task* task = nullptr;
  ListNode node;
};

class WaitQueue {
 public:
  // Sleeps until woken. Always re-check the condition: while (!ready) queue.wait();
  void wait();
  // The same, but a signal ends it: Errno::kRestartSys.
  Or<> wait_interruptible();
  // Ends also after `nanoseconds` of virtual time: Errno::kTimedOut. A signal: Errno::kIntr, for to begin again would
  // wait for the whole time once more.
  Or<> wait_interruptible_for(u64 nanoseconds);
  void wake_all();
  void wake_one();
  bool has_waiters() { return !waiters_.empty(); }

  // For waiting on several queues at once (poll): add a Waiter of the running task to each, check the conditions,
  // sleep_interruptible_for(), remove the Waiters. A wake since the first add makes the sleep return at once.
  void add(Waiter& waiter);
  static void remove(Waiter& waiter);  // also of a Waiter that was woken already

 private:
  IntrusiveList<Waiter, &Waiter::node> waiters_;
};

// A lock that sleeps. Not recursive. Its kind is its place in the order of locks.
class Mutex {
 public:
  explicit constexpr Mutex(LockKind kind) : kind_(kind) {}
  bool held() const { return held_; }
  void lock() {
    if (lock_check_on()) check_lock_order(kind_);
    while (held_) queue_.wait();
    held_ = true;
    if (lock_check_on()) note_lock_taken(kind_, this);
  }
  void unlock() {
    if (lock_check_on()) note_lock_released(this);
    held_ = false;
    queue_.wake_one();
  }

 private:
  LockKind kind_;
  bool held_ = false;
  WaitQueue queue_;
};

class MutexGuard {
 public:
  explicit MutexGuard(Mutex& m) : mutex_(m) { mutex_.lock(); }
  ~MutexGuard() { mutex_.unlock(); }
  MutexGuard(const MutexGuard&) = delete;

 private:
  Mutex& mutex_;
};

inline constexpr u64 kForever = ~u64{0};

// Sleeps until a queue that the task stands in wakes it, a signal comes (Errno::kIntr) or `nanoseconds` of virtual time
// are over (Errno::kTimedOut).
Or<> sleep_interruptible_for(u64 nanoseconds);
// Sleeps that long, whatever signals come. For kernel threads.
void sleep_for(u64 nanoseconds);

// Gives the processor to others if it is their turn. Long loops in the kernel call it.
void yield_if_due();

}  // namespace ido
