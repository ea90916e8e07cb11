// Waiting for several descriptors: poll, ppoll, select, pselect6.
//
// Signal masks of ppoll and pselect6 are applied by their own system calls' frames: see with_mask.
#include "arch/time.hpp"
#include "proc/signal_frame.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kMostPolled = 1024;

struct PollEntry {
  i32 descriptor;
  u16 events;
  u16 found;
};

u32 readiness(Call& call, u32 descriptor) {
  auto file = file_of(call, descriptor);
  if (!file.ok()) return fs::poll_bit::kInvalid;
  return (*file)->poll();
}

// Runs scan() until it finds something, the deadline passes or a signal comes.
template <class Scan>
Or<u32> wait_until(u64 timeout_ns, Scan&& scan) {
  const u64 start = now_ns();
  const InterruptGuard guard;  // drivers make files ready in interrupt handlers: no wake may fall between scan and wait
  for (;;) {
    const u32 found = scan();
    if (found > 0) return found;
    if (timeout_ns == 0) return 0;
    if (timeout_ns == kForever) {
      if (!fs::poll_queue().wait_interruptible()) return fail(Errno::kRestartNoHandler);
      continue;
    }
    const u64 passed = now_ns() - start;
    if (passed >= timeout_ns) return 0;
    auto waited = fs::poll_queue().wait_interruptible_for(timeout_ns - passed);
    if (!waited.ok() && waited.error() != Errno::kTimedOut) return fail(waited.error());
  }
}

// The mask that holds during a ppoll or pselect6; put back by the return to user mode, after handlers ran.
Or<> with_mask(Call& call, u32 mask_address) {
  if (mask_address == 0) return {};
  const SignalSet mask = TRY(get_user<SignalSet>(mask_address));
  block_during_call(call.task, mask);
  return {};
}

Or<u32> poll_for(Call& call, u64 timeout_ns) {
  const u32 count = call[1];
  if (count > kMostPolled) return fail(Errno::kInval);
  Vector<PollEntry> entries;
  TRY(entries.reserve(count));
  for (u32 i = 0; i < count; ++i) {
    const PollEntry entry = TRY(get_user<PollEntry>(call[0] + i * sizeof(PollEntry)));
    TRY(entries.push(entry));
  }
  auto waited = wait_until(timeout_ns, [&] {
    u32 ready = 0;
    for (PollEntry& e : entries) {
      e.found = 0;
      if (e.descriptor < 0) continue;
      const u32 always = fs::poll_bit::kError | fs::poll_bit::kHangUp | fs::poll_bit::kInvalid;
      e.found = static_cast<u16>(readiness(call, static_cast<u32>(e.descriptor)) & (e.events | always));
      ready += e.found != 0 ? 1 : 0;
    }
    return ready;
  });
  const u32 found = TRY(std::move(waited));
  for (u32 i = 0; i < count; ++i) TRY(put_user(call[0] + i * sizeof(PollEntry) + 6, entries[i].found));
  return found;
}

Or<u32> select_for(Call& call, u64 timeout_ns) {
  const u32 count = call[0];
  if (count > kMostPolled) return fail(Errno::kInval);
  const u32 words = (count + 31) / 32;
  u32 wanted[3][kMostPolled / 32] = {}, ready[3][kMostPolled / 32];
  const u32 bits[3] = {fs::poll_bit::kIn | fs::poll_bit::kHangUp | fs::poll_bit::kError,
                       fs::poll_bit::kOut | fs::poll_bit::kError, fs::poll_bit::kPriority};
  for (u32 set = 0; set < 3; ++set)
    if (call[1 + set] != 0) TRY(copy_from_user(wanted[set], call[1 + set], words * 4));
  for (u32 d = 0; d < count; ++d)
    for (u32 set = 0; set < 3; ++set)
      if (wanted[set][d / 32] >> d % 32 & 1) TRY(file_of(call, d));
  auto waited = wait_until(timeout_ns, [&] {
    u32 total = 0;
    for (u32 set = 0; set < 3; ++set) {
      for (u32 w = 0; w < words; ++w) ready[set][w] = 0;
      for (u32 d = 0; d < count; ++d) {
        if (!(wanted[set][d / 32] >> d % 32 & 1) || !(readiness(call, d) & bits[set])) continue;
        ready[set][d / 32] |= 1u << d % 32;
        ++total;
      }
    }
    return total;
  });
  const u32 found = TRY(std::move(waited));
  for (u32 set = 0; set < 3; ++set) {
    if (call[1 + set] == 0) continue;
    if (found == 0)
      for (u32 w = 0; w < words; ++w) ready[set][w] = 0;
    TRY(copy_to_user(call[1 + set], ready[set], words * 4));
  }
  return found;
}

// pselect6's last argument points at {mask address, size}.
Or<> select_mask(Call& call) {
  const u32 address = TRY(call.sixth());
  if (address == 0) return {};
  const u32 mask = TRY(get_user<u32>(address));
  return with_mask(call, mask);
}

}  // namespace

Or<u32> sys_poll(Call& call) {
  const auto milliseconds = static_cast<i32>(call[2]);
  return poll_for(call, milliseconds < 0 ? kForever : u64{call[2]} * 1'000'000);
}

Or<u32> sys_ppoll(Call& call) {
  const u64 timeout = call[2] == 0 ? kForever : TRY(timespec32_from_user(call[2]));
  TRY(with_mask(call, call[3]));
  return poll_for(call, timeout);
}

Or<u32> sys_ppoll_time64(Call& call) {
  const u64 timeout = call[2] == 0 ? kForever : TRY(timespec64_from_user(call[2]));
  TRY(with_mask(call, call[3]));
  return poll_for(call, timeout);
}

Or<u32> sys__newselect(Call& call) {
  struct TimeVal {
    i32 seconds, microseconds;
  };
  u64 timeout = kForever;
  if (call[4] != 0) {
    const TimeVal t = TRY(get_user<TimeVal>(call[4]));
    if (t.seconds < 0 || t.microseconds < 0) return fail(Errno::kInval);
    timeout = static_cast<u64>(t.seconds) * kNsPerSecond + static_cast<u64>(t.microseconds) * 1000;
  }
  return select_for(call, timeout);
}

Or<u32> sys_pselect6(Call& call) {
  const u64 timeout = call[4] == 0 ? kForever : TRY(timespec32_from_user(call[4]));
  TRY(select_mask(call));
  return select_for(call, timeout);
}

Or<u32> sys_pselect6_time64(Call& call) {
  const u64 timeout = call[4] == 0 ? kForever : TRY(timespec64_from_user(call[4]));
  TRY(select_mask(call));
  return select_for(call, timeout);
}

}  // namespace ido
