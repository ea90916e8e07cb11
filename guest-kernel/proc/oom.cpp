// Who uses most goes: pages in memory and page tables, shifted by oom_score_adj in thousandths of all memory. One dies
// at a time; who needs memory waits until that has brought some.
#include "proc/oom.hpp"

#include "arch/time.hpp"
#include "lib/print.hpp"
#include "lib/process.hpp"
#include "lib/wait.hpp"
#include "mm/mm.hpp"
#include "mm/report.hpp"
#include "mm/stats.hpp"

namespace ido {

namespace {

constexpr u64 kPause_ns = 10'000'000;       // what a dying process gets to go on before memory is asked for again
constexpr u64 kPatience_ns = kNsPerSecond;  // after which another is chosen: the first may wait for what nobody gives

u64 killed_ns;  // when the last victim was chosen
i32 victim_pid;

u32 table_pages(const Process& p) { return p.mm->table().page_count(); }
u32 resident_pages(const Process& p) { return p.mm->counters.anonymous_pages + p.mm->counters.file_pages; }

bool may_die(const Process& p) { return p.mm != nullptr && p.pid != 1 && !p.exiting && p.oom_adjustment != kOomNever; }

// Pages; may be negative.
i64 badness(const Process& p) {
  return i64{resident_pages(p)} + table_pages(p) + i64{p.oom_adjustment} * (memory_total_pages() / 1000);
}

void print_tasks() {
  print("Tasks state (memory values in pages):\n");
  print("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name\n");
  for (Process& p : all_processes()) {
    if (p.mm == nullptr || p.first_thread() == nullptr) continue;
    print("[%7d] %5u %5d %8u %8u %8u %8u %13d %s\n", p.pid, p.credentials.user.real, p.pid, p.mm->counters.mapped_pages,
          resident_pages(p), table_pages(p) << kPageShift, 0u, p.oom_adjustment, p.first_thread()->name);
  }
}

Process* choose() {
  Process* worst = nullptr;
  for (Process& p : all_processes()) {
    if (may_die(p) && (worst == nullptr || badness(p) > badness(*worst))) worst = &p;
  }
  return worst;
}

void kill(Process& victim) {
  const Mm* mm = victim.mm;
  print(
      "Out of memory: Killed process %d (%s) total-vm:%ukB, anon-rss:%ukB, file-rss:%ukB, UID:%u pgtables:%ukB "
      "oom_score_adj:%d\n",
      victim.pid, victim.first_thread()->name, mm->counters.mapped_pages * 4, mm->counters.anonymous_pages * 4,
      mm->counters.file_pages * 4, victim.credentials.user.real, table_pages(victim) * 4, victim.oom_adjustment);
  count_event(MmEvent::kOomKill);
  victim_pid = victim.pid;
  killed_ns = now_ns();
  for (Process& p : all_processes()) {  // who shares the memory keeps it: all of them have to go
    if (p.mm == mm) send_signal(p, {.number = sig::kKill, .code = 0x80});
  }
}

bool victim_is_dying() {
  const Process* p = find_process(victim_pid);
  return victim_pid != 0 && p != nullptr && p->mm != nullptr && now_ns() - killed_ns < kPatience_ns;
}

}  // namespace

u32 oom_score(const Process& p) {
  if (!may_die(p)) return 0;
  const i64 score = (1000 + badness(p) * 1000 / memory_total_pages()) * 2 / 3;
  return score < 0 ? 0 : static_cast<u32>(score);
}

bool make_room_by_killing() {
  Process& self = current_process();
  const auto dying = [&] { return self.exiting || ((self.pending | current()->pending) & signal_bit(sig::kKill)); };
  if (dying()) return false;
  if (!victim_is_dying()) {
    print("%s invoked oom-killer: order=0, oom_score_adj=%d\n", current()->name, self.oom_adjustment);
    print_memory_state();
    print_tasks();
    Process* victim = choose();
    if (victim == nullptr) panic("out of memory, and no process may be killed");
    kill(*victim);
    if (dying()) return false;
  }
  sleep_for(kPause_ns);
  return !dying();
}

}  // namespace ido
