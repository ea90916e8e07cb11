// The texts of /proc/PID that programs parse: stat, statm, status, maps, limits. Linux's formats (proc(5),
// fs/proc/array.c of Linux 6.1 for what it leaves open).
#include "arch/time.hpp"
#include "lib/process.hpp"
#include "mm/backing.hpp"
#include "mm/mm.hpp"
#include "proc/process_files.hpp"

namespace ido {

namespace {

constexpr u32 kUserHz = 100;  // USER_HZ: the unit of times in /proc
constexpr u64 kNsPerUserTick = kNsPerSecond / kUserHz;

using Long = unsigned long long;

Long ticks(u64 ns) { return ns / kNsPerUserTick; }
u32 resident_pages(const Mm& mm) { return mm.counters.anonymous_pages + mm.counters.file_pages; }

const char* state_word(char letter) {
  switch (letter) {
    case 'R': return "running";
    case 'S': return "sleeping";
    case 'D': return "disk sleep";
    case 'I': return "idle";
    case 'T': return "stopped";
    case 't': return "tracing stop";
    case 'Z': return "zombie";
    default: return "dead";
  }
}

// Signals of a process by what it does with them.
SignalSet with_action(const Process& p, bool ignored) {
  SignalSet set = 0;
  for (i32 n = 1; n <= sig::kCount; ++n) {
    const u32 handler = p.actions[n - 1].handler;
    const bool matches = ignored ? handler == SignalAction::kIgnore
                                 : handler != SignalAction::kIgnore && handler != SignalAction::kDefault;
    if (matches) set |= signal_bit(n);
  }
  return set;
}

// Pages of an address space by what they are for.
struct Sizes {
  u32 data = 0, stack = 0, code = 0, shared_code = 0;
};
Sizes sizes_of(Mm& mm) {
  Sizes s;
  MutexGuard guard(mm.mutex());
  for (const Area& a : mm.areas()) {
    const u32 pages = a.size() >> kPageShift;
    if (a.flags & area_flag::kGrowsDown)
      s.stack += pages;
    else if (a.protection & protection::kExecute)
      (a.start >= mm.code_start && a.start < mm.code_end ? s.code : s.shared_code) += pages;
    else if (a.writable() && !a.shared())
      s.data += pages;
  }
  return s;
}

void add_memory(Text& text, Mm& mm) {
  const auto line = [&](const char* name, u32 pages) { text.add("%s\t%8u kB\n", name, pages * (kPageSize / 1024)); };
  const Mm::Counters c = mm.counters;
  const Sizes s = sizes_of(mm);
  line("VmPeak:", c.mapped_pages), line("VmSize:", c.mapped_pages), line("VmLck:", c.locked_pages), line("VmPin:", 0);
  line("VmHWM:", resident_pages(mm)), line("VmRSS:", resident_pages(mm));
  line("RssAnon:", c.anonymous_pages), line("RssFile:", c.file_pages), line("RssShmem:", 0);
  line("VmData:", s.data), line("VmStk:", s.stack), line("VmExe:", s.code), line("VmLib:", s.shared_code);
  line("VmPTE:", 0), line("VmSwap:", 0);
}

}  // namespace

Or<> render_status(Text& text, u32 argument) {
  const Subject s = TRY(subject_of(argument));
  Process& p = *s.process;
  const char letter = state_letter(s);
  const Credentials& c = p.credentials;
  text.add("Name:\t%s\nUmask:\t%04o\nState:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n",
           s.name(), p.umask, letter, state_word(letter), p.pid, s.alone ? s.task->tid : p.pid,
           p.parent != nullptr ? p.parent->pid : 0,
           s.task != nullptr && s.task->trace.tracer != nullptr ? s.task->trace.tracer->pid : 0);
  text.add("Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", c.user.real, c.user.effective, c.user.saved,
           c.user.file_system, c.group.real, c.group.effective, c.group.saved, c.group.file_system);
  text.add("FDSize:\t%u\nGroups:\t", p.files ? p.files->size() : 0);
  for (u32 i = 0; i < c.group_count; ++i) text.add("%u ", c.groups[i]);
  text.add("\n");
  if (p.mm != nullptr) {
    Mm& mm = *p.mm;
    mm.get();
    add_memory(text, mm);
    mm.put();
  }
  const SignalSet own = s.task != nullptr ? s.task->pending : 0, blocked = s.task != nullptr ? s.task->blocked : 0;
  text.add("Threads:\t%u\nSigQ:\t0/4096\nSigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n", p.thread_count,
           static_cast<Long>(own), static_cast<Long>(p.pending), static_cast<Long>(blocked));
  const Long capabilities = c.privileged() ? 0x1ffffffffffull : 0;
  text.add("SigIgn:\t%016llx\nSigCgt:\t%016llx\nCapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\n",
           static_cast<Long>(with_action(p, true)), static_cast<Long>(with_action(p, false)), 0ull, capabilities,
           capabilities);
  text.add("CapBnd:\t000001ffffffffff\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t0\n");
  text.add("Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
  return {};
}

// The 52 fields of proc(5); what is not kept is 0.
Or<> render_stat(Text& text, u32 argument) {
  const Subject s = TRY(subject_of(argument));
  Process& p = *s.process;
  const Mm* mm = p.mm;
  const ProcessorTimes t = times_of(s);
  const TerminalOfSession terminal = describe_terminal(p.session);
  text.add("%d (%s) %c %d %d %d %d %d 0 ", s.alone ? s.task->tid : p.pid, s.name(), state_letter(s),
           p.parent != nullptr ? p.parent->pid : 0, p.group, p.session, static_cast<i32>(terminal.device_number),
           terminal.foreground_group);
  text.add("%u 0 %u 0 %llu %llu %llu %llu 20 0 %u 0 %llu ", mm != nullptr ? mm->counters.minor_faults : 0,
           mm != nullptr ? mm->counters.major_faults : 0, ticks(t.user_ns), ticks(t.system_ns),
           ticks(p.children_user_ns), ticks(p.children_system_ns), p.thread_count, ticks(p.start_ns));
  if (mm != nullptr)
    text.add("%llu %u 4294967295 %u %u %u 0 0 ", static_cast<Long>(mm->counters.mapped_pages) << kPageShift,
             resident_pages(*mm), mm->code_start, mm->code_end, mm->stack_start);
  else
    text.add("0 0 4294967295 0 0 0 0 0 ");
  const u32 blocked = s.task != nullptr ? static_cast<u32>(s.task->blocked) : 0;
  text.add("%u %u %u %u 0 0 0 %d 0 0 0 0 0 0 0 0 0 ", static_cast<u32>(p.pending) & 0x7fffffff, blocked & 0x7fffffff,
           static_cast<u32>(with_action(p, true)) & 0x7fffffff, static_cast<u32>(with_action(p, false)) & 0x7fffffff,
           p.exit_signal);
  if (mm != nullptr)
    text.add("%u %u %u %u %d\n", mm->argument_start, mm->argument_end, mm->environment_start, mm->environment_end,
             p.wait_status);
  else
    text.add("0 0 0 0 %d\n", p.wait_status);
  return {};
}

Or<> render_maps(Text& text, u32 argument) {
  const Subject s = TRY(subject_of(argument));
  if (s.process->mm == nullptr) return {};
  Mm& mm = *s.process->mm;
  mm.get();
  {
    MutexGuard guard(mm.mutex());
    for (const Area& a : mm.areas()) {
      char name[128] = "";
      if (a.backing != nullptr)
        a.backing->describe(name, sizeof name);
      else if (a.label != nullptr)
        format_to(name, sizeof name, "%s", a.label);
      const u32 inode = a.backing != nullptr ? a.backing->inode_number() : 0;
      const u32 device = a.backing != nullptr ? a.backing->device_number() : 0;
      char line[96];
      const u32 length = format_to(line, sizeof line, "%08x-%08x %c%c%c%c %08llx %02x:%02x %u ", a.start, a.end,
                                   a.protection & protection::kRead ? 'r' : '-', a.writable() ? 'w' : '-',
                                   a.protection & protection::kExecute ? 'x' : '-', a.shared() ? 's' : 'p',
                                   static_cast<Long>(a.backing != nullptr ? a.first_index : 0) << kPageShift,
                                   device >> 8, device & 0xff, inode);
      text.add(StringView{line, length});
      constexpr u32 kNameColumn = 49;
      if (name[0] != 0 && length < kNameColumn) text.add("%*s", static_cast<int>(kNameColumn - length), "");
      text.add("%s\n", name);
    }
  }
  mm.put();
  return {};
}

Or<> render_limits(Text& text, u32 argument) {
  struct Row {
    Resource resource;
    const char *name, *unit;
  };
  static constexpr Row kRows[] = {{Resource::kCpuTime, "Max cpu time", "seconds"},
                                  {Resource::kFileSize, "Max file size", "bytes"},
                                  {Resource::kData, "Max data size", "bytes"},
                                  {Resource::kStack, "Max stack size", "bytes"},
                                  {Resource::kCore, "Max core file size", "bytes"},
                                  {Resource::kResidentSet, "Max resident set", "bytes"},
                                  {Resource::kProcesses, "Max processes", "processes"},
                                  {Resource::kFiles, "Max open files", "files"},
                                  {Resource::kLockedMemory, "Max locked memory", "bytes"},
                                  {Resource::kAddressSpace, "Max address space", "bytes"},
                                  {Resource::kFileLocks, "Max file locks", "locks"},
                                  {Resource::kPendingSignals, "Max pending signals", "signals"},
                                  {Resource::kMessageQueues, "Max msgqueue size", "bytes"},
                                  {Resource::kNice, "Max nice priority", ""},
                                  {Resource::kRealtimePriority, "Max realtime priority", ""},
                                  {Resource::kRealtimeTime, "Max realtime timeout", "us"}};
  const Subject s = TRY(subject_of(argument));
  text.add("%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
  for (const Row& r : kRows) {
    const Limits::Pair pair = s.process->limits.at(r.resource);
    text.add("%-25s ", r.name);
    for (u64 value : {pair.soft, pair.hard}) {
      char number[24];
      format_to(number, sizeof number, "%llu", static_cast<Long>(value));
      text.add("%-20s ", value == kUnlimited ? "unlimited" : number);
    }
    text.add("%-10s\n", r.unit);
  }
  return {};
}

}  // namespace ido
