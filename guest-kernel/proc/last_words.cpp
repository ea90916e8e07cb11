// What a panic tells of the running task and of memory, and the orderly way to switch off.
#include "arch/traps.hpp"
#include "lib/print.hpp"
#include "mm/stats.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/scheduler.hpp"

namespace ido {

namespace {

void report_state() {
  const Task* task = current();
  if (task != nullptr)
    print("running: task %d (%s) of process %d, %u tasks\n", task->tid, task->name, task->process->pid, task_count());
  const MemoryInfo m = memory_info();
  print("memory in KiB: %u of %u free; low %u of %u; anonymous %u, cache %u, slab %u, page tables %u\n",
        m.free_pages * 4, m.total_pages * 4, m.low_free_pages * 4, m.low_total_pages * 4, m.anonymous_pages * 4,
        m.cached_pages * 4, m.slab_pages * 4, m.table_pages * 4);
  for (u32 i = 0; i < kZoneCount; ++i) {
    const ZoneInfo zone = zone_info(static_cast<ZoneId>(i));
    if (zone.present_pages == 0) continue;
    print("  %s: %u free, at least %u kept; blocks by order:", zone.name, zone.free_pages, zone.watermark_min_pages);
    for (const u32 blocks : zone.free_blocks) print(" %u", blocks);
    print("\n");
  }
}

bool is_handled(Process& process, i32 number) {
  const SignalAction& action = process.actions[number - 1];
  if (action.handler != SignalAction::kDefault && action.handler != SignalAction::kIgnore) return true;
  for (const Task& task : process.threads)
    if ((task.blocked | task.waited) & signal_bit(number)) return true;  // sigwait, signalfd
  return false;
}

// To all programs but the first. True when there is one.
bool send_to_programs(i32 number) {
  bool any = false;
  for (Process& process : all_processes()) {
    if (process.pid == 1 || process.mm == nullptr || process.zombie) continue;
    any = true;
    if (number != 0) send_signal(process, {.number = number, .code = 0x80 /* SI_KERNEL */});
  }
  return any;
}

}  // namespace

void init_last_words() { set_panic_report(report_state); }

bool ask_for_power_off() {
  Process* init = find_process(1);
  if (init != nullptr && is_handled(*init, sig::kPwr)) {
    send_signal(*init, {.number = sig::kPwr, .code = 0x80 /* SI_KERNEL */});
    return true;
  }
  // Nobody to ask: programs are asked to end, and after a moment made to.
  constexpr u64 kStep_ns = 50'000'000;
  constexpr u32 kSteps = 10;
  send_to_programs(sig::kTerm);
  for (u32 i = 0; i < kSteps && send_to_programs(0); ++i) sleep_for(kStep_ns);
  send_to_programs(sig::kKill);
  sleep_for(kStep_ns);
  return false;
}

}  // namespace ido
