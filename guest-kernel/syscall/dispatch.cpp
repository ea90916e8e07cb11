// From a number to its handler.
#include "lib/lock_order.hpp"
#include "lib/print.hpp"
#include "mm/uaccess.hpp"
#include "syscall/call.hpp"

namespace ido {

namespace {

using Handler = Or<u32> (*)(Call&);

constexpr u32 kMost = 512;

struct Table {
  Handler handlers[kMost] = {};
  constexpr Table() {
#define SYSCALL(number, name) handlers[number] = sys_##name;
#define SYSCALL_SAME(number, name) handlers[number] = sys_##name;
#include "syscall/table.inc"
#undef SYSCALL
#undef SYSCALL_SAME
  }
};
constexpr Table kTable;

// Unknown numbers are named once each.
void report_unknown(const Call& call) {
  static u32 reported[kMost / 32];
  if (call.number >= kMost) return;
  u32& word = reported[call.number / 32];
  if (word & (1u << call.number % 32)) return;
  word |= 1u << call.number % 32;
  print("%s[%d]: unknown system call %u\n", call.task.name, call.task.tid, call.number);
}

}  // namespace

namespace {
void perform(Task& task, TrapFrame& frame, u32 number);
void traced_system_call(Task& task, TrapFrame& frame);
}  // namespace

Or<u32> Call::sixth() const {
  if (frame.vector != vector::kSysenter) return frame.ebp;
  return get_user<u32>(frame.ebp);
}

void system_call(TrapFrame& frame) {
  Task& task = *current();
  if (task.trace.calls) [[unlikely]]
    return traced_system_call(task, frame);
  perform(task, frame, frame.eax);
}

namespace {

// PTRACE_SYSCALL: a stop before the call, whose number and arguments the tracer may change, and one after it.
void traced_system_call(Task& task, TrapFrame& frame) {
  const u32 status = sig::kTrap | (task.trace.options & trace::option::kSysGood ? 0x80 : 0);
  const auto stop = [&] {
    const i32 signal = trace::stop_for_tracer(status, nullptr);
    if (signal != 0) send_thread_signal(task, {.number = signal});
  };
  frame.eax = static_cast<u32>(-static_cast<i32>(Errno::kNoSys));
  stop();
  if (task.process->exiting) return;
  if (static_cast<i32>(frame.error) >= 0) perform(task, frame, frame.error);
  if (task.trace.calls) stop();
}

void perform(Task& task, TrapFrame& frame, u32 number) {
  Call call{task, frame, number};
  const Handler handler = call.number < kMost ? kTable.handlers[call.number] : nullptr;
  if (handler == nullptr) {
    report_unknown(call);
    frame.eax = static_cast<u32>(-static_cast<i32>(Errno::kNoSys));
    return;
  }
  auto result = handler(call);
  if (lock_check_on()) check_no_locks("at the end of a system call");
  if (result.ok()) [[likely]] {
    frame.eax = *result;
    return;
  }
  frame.eax = static_cast<u32>(-static_cast<i32>(result.error()));
  if (result.error() >= Errno::kRestartSys) request_user_return_work();
}

}  // namespace
}  // namespace ido
