// Futexes (futex(2)): sleeping on a word of user memory. A word in memory that is shared is named by the object behind
// it and the place there, so that processes meet that have it at different addresses; any other by its address space
// and address. Neither changes when a page migrates under a sleeper.
#include "arch/time.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kWait = 0, kWake = 1, kRequeue = 3, kCmpRequeue = 4, kWakeOp = 5, kWaitBitset = 9, kWakeBitset = 10;
constexpr u32 kCommandMask = 0x7f, kClockRealtime = 0x100;
constexpr u32 kFutexTime64 = 422;

struct Key {
  const void* object;  // the Mm, or the Backing of shared memory
  u64 place;           // bytes
  bool operator==(const Key&) const = default;
};

struct Sleeper {
  Key key;
  u32 bitset;
  bool woken = false;
  WaitQueue queue;
  ListNode node;
};
IntrusiveList<Sleeper, &Sleeper::node> g_sleepers;

// May sleep. `is_private`: the caller knows that no other address space is concerned.
Key key_of(Mm& mm, u32 address, bool is_private) {
  if (is_private) return {&mm, address};
  MutexGuard guard(mm.mutex());
  const Area* area = mm.find_area(address);
  if (area == nullptr || !area->shared() || area->backing == nullptr) return {&mm, address};
  return {area->backing, (u64{area->index_of(address)} << kPageShift) + (address & kPageMask)};
}

u32 wake(const Key& key, u32 most, u32 bitset) {
  u32 count = 0;
  for (Sleeper& s : g_sleepers) {
    if (count >= most) break;
    if (s.woken || s.key != key || !(s.bitset & bitset)) continue;
    s.woken = true;
    s.queue.wake_all();
    ++count;
  }
  return count;
}

u32 requeue(const Key& from, const Key& to, u32 most) {
  u32 count = 0;
  for (Sleeper& s : g_sleepers) {
    if (count >= most) break;
    if (s.woken || s.key != from) continue;
    s.key = to;
    ++count;
  }
  return count;
}

Or<u32> sleep(Call& call, const Key& key, u32 bitset, u64 timeout_ns) {
  if (bitset == 0) return fail(Errno::kInval);
  const u32 value = TRY(get_user<u32>(call[0]));
  if (value != call[2]) return fail(Errno::kAgain);
  // Nothing can run between the look at the word and the entry in the list: the kernel is not preemptive.
  Sleeper self{key, bitset, false, {}, {}};
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

// FUTEX_WAKE_OP: changes a second word, wakes who sleeps on the first, and on the second if its old value compares.
Or<u32> wake_op(Call& call, const Key& first, const Key& second) {
  const u32 code = TRY(call.sixth());
  const auto signed12 = [](u32 v) { return static_cast<i32>(v << 20) >> 20; };
  const u32 operation = code >> 28 & 7, comparison = code >> 24 & 15;
  i32 operand = signed12(code >> 12 & 0xfff);
  const i32 limit = signed12(code & 0xfff);
  if (code >> 31) operand = static_cast<i32>(1u << (operand & 31));
  if (operation > 4 || comparison > 5) return fail(Errno::kNoSys);
  u32 old;
  for (;;) {
    old = TRY(get_user<u32>(call[4]));
    const u32 o = static_cast<u32>(operand);
    const u32 results[] = {o, old + o, old | o, old & ~o, old ^ o};  // SET, ADD, OR, ANDN, XOR
    if (TRY(compare_exchange_user(call[4], old, results[operation])) == old) break;
  }
  const i32 was = static_cast<i32>(old);
  const bool holds[] = {was == limit, was != limit, was<limit, was <= limit, was> limit, was >= limit};
  u32 woken = wake(first, call[2], ~0u);
  if (holds[comparison]) woken += wake(second, call[3], ~0u);
  return woken;
}

}  // namespace

Or<u32> sys_futex(Call& call) {
  constexpr u32 kPrivate = 0x80;
  Mm& mm = *call.task.process->mm;
  if (call[0] & 3) return fail(Errno::kInval);
  const u32 command = call[1] & kCommandMask & ~kPrivate;
  const bool is_private = call[1] & kPrivate;
  const Key key = key_of(mm, call[0], is_private);
  switch (command) {
    case kWait: {
      const u64 timeout = TRY(timeout_of(call, command));
      return sleep(call, key, ~0u, timeout);
    }
    case kWaitBitset: {
      const u64 timeout = TRY(timeout_of(call, command));
      const u32 bitset = TRY(call.sixth());
      return sleep(call, key, bitset, timeout);
    }
    case kWake: return wake(key, call[2], ~0u);
    case kWakeBitset: {
      const u32 bitset = TRY(call.sixth());
      return wake(key, call[2], bitset);
    }
    case kWakeOp:
      if (call[4] & 3) return fail(Errno::kInval);
      return wake_op(call, key, key_of(mm, call[4], is_private));
    case kCmpRequeue:
    case kRequeue: {
      const Key to = key_of(mm, call[4], is_private);
      const u32 expected = TRY(call.sixth());
      if (command == kCmpRequeue && TRY(get_user<u32>(call[0])) != expected) return fail(Errno::kAgain);
      const u32 woken = wake(key, call[2], ~0u);
      return woken + requeue(key, to, call[3]);
    }
    default: return fail(Errno::kNoSys);
  }
}

// For thread exit (CLONE_CHILD_CLEARTID, robust futexes): wakes one who waits on the word.
void futex_wake_one(Mm* mm, u32 address) {
  if (wake(key_of(*mm, address, false), 1, ~0u) == 0) wake({mm, address}, 1, ~0u);
}

}  // namespace ido
