// Waiting for several descriptors: poll, ppoll, select, pselect6.
//
// Signal masks of ppoll and pselect6 are applied by their own system calls' frames: see with_mask.
#include "arch/interrupts.hpp"
#include "arch/time.hpp"
#include "proc/signal_frame.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kMostSelected = 1024;                      // FD_SETSIZE
constexpr u32 kReadNormal = 0x40, kWriteNormal = 0x100;  // POLLRDNORM, POLLWRNORM: other words for in and out

// struct pollfd.
struct PollEntry {
  i32 descriptor;
  u16 events;
  u16 found;
};

// Wakes the polling task when a source says that something changed.
class Alarm final : public fs::PollListener {
 public:
  Alarm(WaitQueue& queue) : queue_(&queue) {}
  Alarm(Alarm&& other) noexcept : PollListener(), queue_(other.queue_) {}  // only before it listens
  ~Alarm() { detach(); }
  void notice() override { queue_->wake_all(); }

 private:
  WaitQueue* queue_;
};

// The files that a call waits for. They are held, so that one that another thread closes stays until the call ends.
class Watch {
 public:
  Or<u32> add(Ref<fs::File> file) {
    TRY(files_.push(std::move(file)));
    return files_.size() - 1;
  }
  u32 readiness(u32 index) { return files_[index]->poll(); }

  // Runs scan() until it finds something, the deadline passes or a signal comes.
  template <class Scan>
  Or<u32> wait_until(u64 timeout_ns, Scan&& scan) {
    const u64 start = now_ns();
    if (const u32 found = scan(); found > 0 || timeout_ns == 0) return found;
    TRY(listen());
    const InterruptGuard
        guard;  // drivers make files ready in interrupt handlers: no wake may fall between scan and wait
    for (;;) {
      const u32 found = scan();
      if (found > 0) return found;
      if (timeout_ns == kForever) {
        if (!queue_.wait_interruptible()) return fail(Errno::kRestartNoHandler);
        continue;
      }
      const u64 passed = now_ns() - start;
      if (passed >= timeout_ns) return 0;
      auto waited = queue_.wait_interruptible_for(timeout_ns - passed);
      if (!waited.ok() && waited.error() != Errno::kTimedOut) return fail(Errno::kRestartNoHandler);
    }
  }

 private:
  Or<> listen() {
    TRY(alarms_.reserve(files_.size()));  // they don't move once they listen
    for (const Ref<fs::File>& file : files_) {
      fs::PollSource* source = file->poll_source();
      if (source == nullptr) continue;
      TRY(alarms_.push(Alarm(queue_)));
      source->attach(alarms_[alarms_.size() - 1]);
    }
    return {};
  }

  WaitQueue queue_;
  Vector<Ref<fs::File>> files_;
  Vector<Alarm> alarms_;  // after the files: they go first
};

// The mask that holds during a ppoll or pselect6; put back by the return to user mode, after handlers ran.
Or<> with_mask(Call& call, u32 mask_address) {
  if (mask_address == 0) return {};
  const SignalSet mask = TRY(get_user<SignalSet>(mask_address));
  block_during_call(call.task, mask);
  return {};
}

Or<u32> poll_for(Call& call, u64 timeout_ns) {
  const u32 count = call[1];
  if (count > fs::FileTable::limit()) return fail(Errno::kInval);
  Vector<PollEntry> entries;
  Vector<i32> watched;  // by entry: its index in the watch, -1: none
  Watch watch;
  TRY(entries.reserve(count));
  TRY(watched.reserve(count));
  for (u32 i = 0; i < count; ++i) {
    const PollEntry entry = TRY(get_user<PollEntry>(call[0] + i * static_cast<u32>(sizeof(PollEntry))));
    TRY(entries.push(entry));
    i32 index = -1;
    if (entry.descriptor >= 0)
      if (auto file = file_of(call, static_cast<u32>(entry.descriptor)); file.ok())
        index = static_cast<i32>(TRY(watch.add(std::move(*file))));
    TRY(watched.push(index));
  }
  auto waited = watch.wait_until(timeout_ns, [&] {
    constexpr u32 kAlways = fs::poll_bit::kError | fs::poll_bit::kHangUp | fs::poll_bit::kInvalid;
    u32 ready = 0;
    for (u32 i = 0; i < count; ++i) {
      PollEntry& e = entries[i];
      e.found = 0;
      if (e.descriptor < 0) continue;
      u32 bits = watched[i] < 0 ? fs::poll_bit::kInvalid : watch.readiness(static_cast<u32>(watched[i]));
      if (bits & fs::poll_bit::kIn) bits |= kReadNormal;
      if (bits & fs::poll_bit::kOut) bits |= kWriteNormal;
      e.found = static_cast<u16>(bits & (e.events | kAlways));
      ready += e.found != 0 ? 1 : 0;
    }
    return ready;
  });
  const u32 found = TRY(std::move(waited));
  for (u32 i = 0; i < count; ++i)
    TRY(put_user(call[0] + i * static_cast<u32>(sizeof(PollEntry)) + 6, entries[i].found));
  return found;
}

struct SelectedFile {
  u32 descriptor;
  u32 set;
  u32 watched;  // index in the watch
};

// The arguments of select: how many descriptors, and the addresses of the sets to read, to write and to except.
struct Sets {
  u32 count;
  u32 address[3];
};

Or<u32> select_for(Call& call, const Sets& sets, u64 timeout_ns) {
  if (static_cast<i32>(sets.count) < 0) return fail(Errno::kInval);
  const u32 count = sets.count < kMostSelected ? sets.count : kMostSelected;
  const u32 words = (count + 31) / 32;
  constexpr u32 kBits[3] = {fs::poll_bit::kIn | fs::poll_bit::kHangUp | fs::poll_bit::kError,
                            fs::poll_bit::kOut | fs::poll_bit::kError, fs::poll_bit::kPriority};
  u32 wanted[3][kMostSelected / 32] = {}, ready[3][kMostSelected / 32] = {};
  Vector<SelectedFile> selected;
  Watch watch;
  for (u32 set = 0; set < 3; ++set)
    if (sets.address[set] != 0) TRY(copy_from_user(wanted[set], sets.address[set], words * 4));
  for (u32 d = 0; d < count; ++d) {
    for (u32 set = 0; set < 3; ++set) {
      if (!(wanted[set][d / 32] >> d % 32 & 1)) continue;
      Ref<fs::File> file = TRY(file_of(call, d));
      const u32 index = TRY(watch.add(std::move(file)));
      TRY(selected.push({d, set, index}));
    }
  }
  auto waited = watch.wait_until(timeout_ns, [&] {
    u32 total = 0;
    for (const SelectedFile& s : selected) {
      const bool is_ready = (watch.readiness(s.watched) & kBits[s.set]) != 0;
      u32& word = ready[s.set][s.descriptor / 32];
      const u32 bit = 1u << s.descriptor % 32;
      word = is_ready ? word | bit : word & ~bit;
      total += is_ready ? 1 : 0;
    }
    return total;
  });
  const u32 found = TRY(std::move(waited));
  for (u32 set = 0; set < 3; ++set)
    if (sets.address[set] != 0) TRY(copy_to_user(sets.address[set], ready[set], words * 4));
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

// select(2) on Linux tells how much of the time was left.
namespace {
Sets sets_of(Call& call) { return {call[0], {call[1], call[2], call[3]}}; }

Or<u32> select_with_timeval(Call& call, const Sets& sets, u32 timeout_address) {
  struct TimeVal {
    i32 seconds, microseconds;
  };
  if (timeout_address == 0) return select_for(call, sets, kForever);
  const TimeVal t = TRY(get_user<TimeVal>(timeout_address));
  if (t.seconds < 0 || t.microseconds < 0) return fail(Errno::kInval);
  const u64 timeout = static_cast<u64>(t.seconds) * kNsPerSecond + static_cast<u64>(t.microseconds) * 1000;
  const u64 start = now_ns();
  auto found = select_for(call, sets, timeout);
  const u64 passed = now_ns() - start, rest = passed < timeout ? timeout - passed : 0;
  const TimeVal left{static_cast<i32>(rest / kNsPerSecond), static_cast<i32>(rest % kNsPerSecond / 1000)};
  (void)put_user(timeout_address, left);  // a timeval in read-only memory is no error
  return found;
}

}  // namespace

Or<u32> sys__newselect(Call& call) { return select_with_timeval(call, sets_of(call), call[4]); }

// The first select, whose arguments stand in memory.
Or<u32> sys_old_select(Call& call) {
  struct Arguments {
    Sets sets;
    u32 timeout;
  };
  const Arguments a = TRY(get_user<Arguments>(call[0]));
  return select_with_timeval(call, a.sets, a.timeout);
}

Or<u32> sys_pselect6(Call& call) {
  const u64 timeout = call[4] == 0 ? kForever : TRY(timespec32_from_user(call[4]));
  TRY(select_mask(call));
  return select_for(call, sets_of(call), timeout);
}

Or<u32> sys_pselect6_time64(Call& call) {
  const u64 timeout = call[4] == 0 ? kForever : TRY(timespec64_from_user(call[4]));
  TRY(select_mask(call));
  return select_for(call, sets_of(call), timeout);
}

}  // namespace ido
