// POSIX timers (timer_create(2)): a process's, gone with exec and exit. An expiry that finds the signal of the one
// before still pending is counted as an overrun instead.
#pragma once

#include "proc/signal_queue.hpp"
#include "proc/timer.hpp"

namespace ido {

struct Process;

struct PosixTimer {
  static constexpr u32 kMost = 64;                           // of a process
  static constexpr u32 kSignal = 0, kNone = 1, kThread = 4;  // SIGEV_
  i32 id = 0;
  bool realtime = false;  // absolute times are of the wall clock
  u32 notify = kSignal;
  i32 signal = 0;
  u32 value = 0;
  i32 tid = 0;  // kThread: who gets it
  Process* process = nullptr;
  u64 interval_ns = 0;
  u32 overruns = 0;       // since its signal became pending
  u32 last_overruns = 0;  // of the signal that was delivered last
  bool pending = false;
  Timer timer;
  QueuedSignal entry;
  ListNode node;  // Process::posix_timers

  u64 left_ns() const;
};

struct TimerSpec {
  u64 value_ns, interval_ns;
};
// Starts it (value 0: stops it). `absolute`: the value is a time of its clock. Returns what there was.
TimerSpec set_posix_timer(PosixTimer& timer, TimerSpec wanted, bool absolute);
PosixTimer* find_posix_timer(Process& process, i32 id);
void delete_posix_timer(PosixTimer& timer);
void delete_posix_timers(Process& process);
// Its signal is being delivered: tells the overruns.
void settle_timer_signal(Process& process, SignalInfo& info);

}  // namespace ido
