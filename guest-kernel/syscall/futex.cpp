// Futexes (futex(2)): sleeping on a word of user memory. Private and shared ones alike are named by where the word
// lies: the process's memory and its address, so a page may migrate under a sleeper.
#include "arch/time.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kWait = 0, kWake = 1, kRequeue = 3, kCmpRequeue = 4, kWakeOp = 5, kWaitBitset = 9, kWakeBitset = 10;
constexpr u32 kCommandMask = 0x7f, kClockRealtime = 0x100;
constexpr u32 kFutexTime64 = 422;

struct Sleeper {
  Mm* mm;
  u32 address;
  u32 bitset;
  bool woken = false;
  WaitQueue queue;
  ListNode node;
};
IntrusiveList<Sleeper, &Sleeper::node> g_sleepers;

u32 wake(Mm* mm, u32 address, u32 most, u32 bitset) {
  u32 count = 0;
  for (Sleeper& s : g_sleepers) {
    if (count >= most) break;
    if (s.woken || s.mm != mm || s.address != address || !(s.bitset & bitset)) continue;
    s.woken = true;
    s.queue.wake_all();
    ++count;
  }
  return count;
}

u32 requeue(Mm* mm, u32 from, u32 to, u32 most) {
  u32 count = 0;
  for (Sleeper& s : g_sleepers) {
    if (count >= most) break;
    if (s.woken || s.mm != mm || s.address != from) continue;
    s.address = to;
    ++count;
  }
  return count;
}

Or<u32> sleep(Call& call, u32 bitset, u64 timeout_ns) {
  const u32 value = TRY(get_user<u32>(call[0]));
  if (value != call[2]) return fail(Errno::kAgain);
  // Nothing can run between the look at the word and the entry in the list: the kernel is not preemptive.
  Sleeper self{call.task.process->mm, call[0], bitset, false, {}, {}};
  g_sleepers.push_back(self);
  const u64 deadline = timeout_ns == kForever ? kForever : now_ns() + timeout_ns;
  Errno reason = Errno::kTimedOut;
  while (!self.woken) {
    const u64 now = now_ns();
    if (now >= deadline) break;
    auto waited =
        deadline == kForever ? self.queue.wait_interruptible() : self.queue.wait_interruptible_for(deadline - now);
    if (waited.ok() || waited.error() == Errno::kTimedOut) continue;
    reason = waited.error();
    break;
  }
  IntrusiveList<Sleeper, &Sleeper::node>::remove(self);
  if (self.woken) return 0;
  return fail(reason);
}

// Without a timeout kForever; kWait's is relative, kWaitBitset's absolute.
Or<u64> timeout_of(Call& call, u32 command) {
  if (call[3] == 0) return kForever;
  const u64 t = call.number == kFutexTime64 ? TRY(timespec64_from_user(call[3])) : TRY(timespec32_from_user(call[3]));
  if (command == kWait) return t;
  const u64 now = call[1] & kClockRealtime ? realtime_ns() : now_ns();
  return t > now ? t - now : u64{0};
}

}  // namespace

Or<u32> sys_futex(Call& call) {
  Mm* mm = call.task.process->mm;
  if (call[0] & 3) return fail(Errno::kInval);
  const u32 command = call[1] & kCommandMask;
  switch (command) {
    case kWait: return sleep(call, ~0u, TRY(timeout_of(call, command)));
    case kWaitBitset: return sleep(call, TRY(call.sixth()), TRY(timeout_of(call, command)));
    case kWake: return wake(mm, call[0], call[2], ~0u);
    case kWakeBitset: return wake(mm, call[0], call[2], TRY(call.sixth()));
    case kCmpRequeue:
      if (TRY(get_user<u32>(call[0])) != TRY(call.sixth())) return fail(Errno::kAgain);
      [[fallthrough]];
    case kRequeue: {
      const u32 woken = wake(mm, call[0], call[2], ~0u);
      return woken + requeue(mm, call[0], call[4], call[3]);
    }
    default: return fail(Errno::kNoSys);
  }
}

// For thread exit (CLONE_CHILD_CLEARTID): wakes one who waits on the word.
void futex_wake_one(Mm* mm, u32 address) { wake(mm, address, 1, ~0u); }

}  // namespace ido
