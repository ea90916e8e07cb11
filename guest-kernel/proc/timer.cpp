#include "proc/timer.hpp"

#include "arch/interrupts.hpp"
#include "arch/time.hpp"

namespace ido {

namespace {
IntrusiveList<Timer, &Timer::node> timers;  // by deadline

void insert(Timer& timer) {
  // The list has no insertion in the middle: those that come later step aside.
  IntrusiveList<Timer, &Timer::node> later;
  while (Timer* last = timers.back()) {
    if (last->deadline_ns <= timer.deadline_ns) break;
    timers.remove(*last);
    later.push_front(*last);
  }
  timers.push_back(timer);
  while (Timer* t = later.pop_front()) timers.push_back(*t);
}
}  // namespace

void start_timer(Timer& timer, u64 deadline_ns) {
  const InterruptGuard guard;
  if (timer.armed()) timers.remove(timer);
  timer.deadline_ns = deadline_ns;
  insert(timer);
}

void stop_timer(Timer& timer) {
  const InterruptGuard guard;
  if (timer.armed()) timers.remove(timer);
}

void run_timers() {
  const u64 now = now_ns();
  while (Timer* first = timers.front()) {
    if (first->deadline_ns > now) return;
    timers.remove(*first);
    first->expire(*first);
  }
}

}  // namespace ido
