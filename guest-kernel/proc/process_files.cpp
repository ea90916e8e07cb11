#include "proc/process_files.hpp"

#include "arch/time.hpp"
#include "fs/proc_file_system.hpp"
#include "mm/backing.hpp"
#include "mm/mm.hpp"
#include "mm/uaccess.hpp"
#include "proc/scheduler.hpp"
#include "proc/task.hpp"

namespace ido {

namespace {

constexpr u32 kUserHz = 100;  // USER_HZ: the unit of times in /proc
constexpr u64 kNsPerUserTick = kNsPerSecond / kUserHz;

Or<Process*> process_of(u32 pid) {
  if (Process* p = find_process(static_cast<i32>(pid)); p != nullptr) return p;
  Task* thread = find_task(static_cast<i32>(pid));
  if (thread == nullptr) return fail(Errno::kSrch);
  return thread->process;
}

const char* name_of(Process& p) { return p.first_thread() != nullptr ? p.first_thread()->name : "gone"; }

char state_letter(Process& p) {
  if (p.zombie || p.first_thread() == nullptr) return 'Z';
  switch (p.first_thread()->state) {
    case TaskState::kRunnable: return 'R';
    case TaskState::kSleeping: return p.mm == nullptr ? 'I' : 'D';
    case TaskState::kInterruptible: return 'S';
    case TaskState::kStopped: return p.first_thread()->trace.stopped ? 't' : 'T';
    case TaskState::kDead: return 'X';
  }
  return '?';
}

i32 tracer_of(Process& p) {
  const Task* first = p.first_thread();
  return first != nullptr && first->trace.tracer != nullptr ? first->trace.tracer->pid : 0;
}

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

u32 resident_pages(const Mm& mm) { return mm.counters.anonymous_pages + mm.counters.file_pages; }

struct Times {
  u64 user_ns = 0, system_ns = 0;
};
Times times_of(Process& p) {
  Times t{p.dead_user_ns, p.dead_system_ns};
  for (Task& task : p.threads) t.user_ns += task.user_ns, t.system_ns += task.system_ns;
  return t;
}

Or<> render_maps(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  if (p->mm == nullptr) return {};
  MutexGuard guard(p->mm->mutex());
  for (Area& a : p->mm->areas()) {
    char name[128] = "";
    if (a.backing != nullptr)
      a.backing->describe(name, sizeof name);
    else if (a.label != nullptr)
      format_to(name, sizeof name, "%s", a.label);
    const u32 inode = a.backing != nullptr ? a.backing->inode_number() : 0;
    const u32 device = a.backing != nullptr ? a.backing->device_number() : 0;
    text.add("%08x-%08x %c%c%c%c %08llx %02x:%02x %-10u", a.start, a.end, a.protection & protection::kRead ? 'r' : '-',
             a.writable() ? 'w' : '-', a.protection & protection::kExecute ? 'x' : '-', a.shared() ? 's' : 'p',
             static_cast<unsigned long long>(a.backing != nullptr ? a.first_index : 0) << kPageShift, device >> 8,
             device & 0xff, inode);
    if (name[0] != 0) text.add(" %*s", 15, "");
    text.add("%s\n", name);
  }
  text.add("%08x-%08x r-xp 00000000 00:00 0          %*s[vdso]\n", layout::kVdso, layout::kVdso + kPageSize, 15, "");
  return {};
}

Or<> render_status(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  const char letter = state_letter(*p);
  text.add("Name:\t%s\nState:\t%c (%s)\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n", name_of(*p), letter,
           state_word(letter), p->pid, p->pid, p->parent != nullptr ? p->parent->pid : 0, tracer_of(*p));
  const Identity &u = p->credentials.user, &g = p->credentials.group;
  text.add("Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", u.real, u.effective, u.saved, u.file_system, g.real,
           g.effective, g.saved, g.file_system);
  if (p->files) text.add("FDSize:\t%u\n", p->files->size());
  if (p->mm != nullptr) {
    const Mm::Counters& c = p->mm->counters;
    text.add("VmSize:\t%8u kB\nVmLck:\t%8u kB\nVmRSS:\t%8u kB\nRssAnon:\t%8u kB\nRssFile:\t%8u kB\n",
             c.mapped_pages * 4, c.locked_pages * 4, resident_pages(*p->mm) * 4, c.anonymous_pages * 4,
             c.file_pages * 4);
  }
  text.add("Threads:\t%u\n", p->thread_count);
  return {};
}

// The 44 fields of proc(5); what is not kept is 0.
Or<> render_stat(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  const Times t = times_of(*p);
  const auto ticks = [](u64 ns) { return static_cast<unsigned long long>(ns / kNsPerUserTick); };
  text.add("%d (%s) %c %d %d %d 0 0 0 %u 0 %u 0 ", p->pid, name_of(*p), state_letter(*p),
           p->parent != nullptr ? p->parent->pid : 0, p->group, p->session,
           p->mm != nullptr ? p->mm->counters.minor_faults : 0, p->mm != nullptr ? p->mm->counters.major_faults : 0);
  text.add("%llu %llu %llu %llu 20 0 %u 0 %llu ", ticks(t.user_ns), ticks(t.system_ns), ticks(p->children_user_ns),
           ticks(p->children_system_ns), p->thread_count, ticks(p->start_ns));
  text.add("%llu %u 4294967295 %u %u %u 0 0 0 0 0 0 0 0 0 %d 0 0 0 0 0 0 0\n",
           p->mm != nullptr ? static_cast<unsigned long long>(p->mm->counters.mapped_pages) << kPageShift : 0,
           p->mm != nullptr ? resident_pages(*p->mm) : 0, p->mm != nullptr ? p->mm->code_start : 0,
           p->mm != nullptr ? p->mm->code_end : 0, p->mm != nullptr ? p->mm->stack_start : 0, p->exit_signal);
  return {};
}

Or<> render_statm(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  if (p->mm == nullptr)
    text.add("0 0 0 0 0 0 0\n");
  else
    text.add("%u %u %u 0 0 %u 0\n", p->mm->counters.mapped_pages, resident_pages(*p->mm), p->mm->counters.file_pages,
             p->mm->counters.anonymous_pages);
  return {};
}

// What lies at [start, end) of a process's memory, a page at most.
Or<> add_memory(Text& text, Mm& mm, u32 start, u32 end) {
  char chunk[128];
  for (u32 at = start; at < end && at - start < kPageSize;) {
    const u32 n = end - at < sizeof chunk ? end - at : static_cast<u32>(sizeof chunk);
    TRY(copy_from_user(mm, chunk, at, n));
    text.add(StringView{chunk, n});
    at += n;
  }
  return {};
}

Or<> render_command(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  return p->mm == nullptr ? Or<>{} : add_memory(text, *p->mm, p->mm->argument_start, p->mm->argument_end);
}

Or<> render_environment(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  return p->mm == nullptr ? Or<>{} : add_memory(text, *p->mm, p->mm->environment_start, p->mm->environment_end);
}

Or<> render_auxiliary(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  return p->mm == nullptr ? Or<>{} : add_memory(text, *p->mm, p->mm->auxiliary_start, p->mm->auxiliary_end);
}

Or<> render_name(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  text.add("%s\n", name_of(*p));
  return {};
}

Or<> render_program(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  if (!p->program) return fail(Errno::kNoEnt);
  fs::path_of(p->program, text);
  return {};
}

Or<> render_directory(Text& text, u32 pid) {
  Process* p = TRY(process_of(pid));
  if (!p->directory) return fail(Errno::kNoEnt);
  fs::path_of(p->directory, text);
  return {};
}

// /proc/PID/fd/N: leads to the open file itself where it has a name.
class DescriptorLink final : public fs::Inode {
 public:
  DescriptorLink(u32 pid, u32 descriptor) : Inode(fs::mode::kSymlink | 0700), pid_(pid), descriptor_(descriptor) {}
  Or<> read_link(Text& target) override {
    Process* p = TRY(process_of(pid_));
    if (!p->files) return fail(Errno::kNoEnt);
    Ref<fs::File> file = TRY(p->files->get(descriptor_));
    if (file->dentry)
      fs::path_of(file->dentry, target);
    else
      file->describe(target);
    return {};
  }
  Ref<fs::Dentry> jump() override {
    auto p = process_of(pid_);
    if (!p.ok() || !(*p)->files) return {};
    auto file = (*p)->files->get(descriptor_);
    return file.ok() ? (*file)->dentry : Ref<fs::Dentry>{};
  }

 private:
  u32 pid_, descriptor_;
};

class DescriptorDirectory final : public fs::Inode {
 public:
  explicit DescriptorDirectory(u32 pid) : Inode(fs::mode::kDirectory | 0500), pid_(pid) {}
  Or<Ref<fs::Inode>> lookup(StringView name) override {
    u32 descriptor;
    Process* p = TRY(process_of(pid_));
    if (!fs::numbered_name(name, "", descriptor) || !p->files) return fail(Errno::kNoEnt);
    if (!p->files->get(descriptor).ok()) return fail(Errno::kNoEnt);
    Ref<fs::Inode> link(new (std::nothrow) DescriptorLink(pid_, descriptor));
    if (!link) return fail(Errno::kNoMem);
    return link;
  }
  Or<u64> list(u64 position, fs::DirectorySink& sink) override {
    Process* p = TRY(process_of(pid_));
    for (; p->files && position < p->files->size(); ++position) {
      if (p->files->slot(static_cast<u32>(position)) == nullptr) continue;
      char name[16];
      format_to(name, sizeof name, "%u", static_cast<u32>(position));
      if (!sink.add({.name = name, .inode = position + 1, .type = fs::mode::kSymlink, .next = position + 1})) break;
    }
    return position;
  }

 private:
  u32 pid_;
};

// What tells of a process or, in its task directory, of one of its threads.
Or<Ref<fs::VirtualDirectory>> make_directory(u32 pid) {
  TRY(process_of(pid));
  Ref<fs::VirtualDirectory> d = TRY(fs::make_virtual_directory(fs::kProcMagic));
  TRY(d->add_file("auxv", render_auxiliary, nullptr, pid));
  TRY(d->add_file("environ", render_environment, nullptr, pid));
  TRY(d->add_file("cmdline", render_command, nullptr, pid));
  TRY(d->add_file("comm", render_name, nullptr, pid));
  TRY(d->add_file("maps", render_maps, nullptr, pid));
  TRY(d->add_file("stat", render_stat, nullptr, pid));
  TRY(d->add_file("statm", render_statm, nullptr, pid));
  TRY(d->add_file("status", render_status, nullptr, pid));
  Ref<fs::Inode> memory = TRY(make_memory_file(pid));
  TRY(d->add("mem", memory));
  TRY(d->add_link("cwd", render_directory, pid));
  TRY(d->add_link("exe", render_program, pid));
  TRY(d->add("fd", Ref<fs::Inode>(new (std::nothrow) DescriptorDirectory(pid))));
  return d;
}

// /proc/PID/task: a directory a thread, which tells of the process.
class ThreadDirectory final : public fs::Inode {
 public:
  explicit ThreadDirectory(u32 pid) : Inode(fs::mode::kDirectory | 0555), pid_(pid) {}
  Or<Ref<fs::Inode>> lookup(StringView name) override {
    u32 tid;
    Process* p = TRY(process_of(pid_));
    if (!fs::numbered_name(name, "", tid)) return fail(Errno::kNoEnt);
    const Task* thread = find_task(static_cast<i32>(tid));
    if (thread == nullptr || thread->process != p) return fail(Errno::kNoEnt);
    return Ref<fs::Inode>(TRY(make_directory(tid)));
  }
  Or<u64> list(u64 position, fs::DirectorySink& sink) override {
    Process* p = TRY(process_of(pid_));
    u64 at = 0;
    for (const Task& thread : p->threads) {
      if (at++ < position) continue;
      char name[16];
      format_to(name, sizeof name, "%d", thread.tid);
      if (!sink.add({.name = name, .inode = static_cast<u64>(thread.tid), .type = fs::mode::kDirectory, .next = at}))
        break;
      position = at;
    }
    return position;
  }

 private:
  u32 pid_;
};

Or<Ref<fs::Inode>> find_directory(u32 pid) {
  Ref<fs::VirtualDirectory> d = TRY(make_directory(pid));
  TRY(d->add("task", Ref<fs::Inode>(new (std::nothrow) ThreadDirectory(pid))));
  return Ref<fs::Inode>(d);
}

u32 next_pid(u32 after) {
  u32 best = 0;
  for (Process& p : all_processes()) {
    const u32 pid = static_cast<u32>(p.pid);
    if (pid > after && (best == 0 || pid < best)) best = pid;
  }
  return best;
}

// --- The system's own.
Or<> render_self(Text& text, u32) {
  text.add("%d", current_process().pid);
  return {};
}

Or<> render_uptime(Text& text, u32) {
  const auto hundredths = [](u64 ns) { return static_cast<unsigned long long>(ns / (kNsPerSecond / 100)); };
  const auto up = hundredths(now_ns()), idle_time = hundredths(idle_ns());
  text.add("%llu.%02u %llu.%02u\n", up / 100, static_cast<u32>(up % 100), idle_time / 100,
           static_cast<u32>(idle_time % 100));
  return {};
}

Or<> render_loadavg(Text& text, u32) {
  const Load l = load();
  for (u32 average : l.averages) text.add("%u.%02u ", average >> 16, ((average & 0xffff) * 100) >> 16);
  text.add("%u/%u %u\n", l.runnable, l.tasks, next_pid(0));
  return {};
}

Or<> render_version(Text& text, u32) {
  text.add("Linux version 2.6.32-ido (paemu) #1 PAE 4G/4G\n");
  return {};
}

Or<> render_stat_of_system(Text& text, u32) {
  Times t;
  u32 running = 0;
  for (Process& p : all_processes()) {
    const Times one = times_of(p);
    t.user_ns += one.user_ns, t.system_ns += one.system_ns;
    running += state_letter(p) == 'R' ? 1 : 0;
  }
  const auto ticks = [](u64 ns) { return static_cast<unsigned long long>(ns / kNsPerUserTick); };
  for (const char* name : {"cpu ", "cpu0"})
    text.add("%s %llu 0 %llu %llu 0 0 0 0 0 0\n", name, ticks(t.user_ns), ticks(t.system_ns), ticks(idle_ns()));
  text.add("btime %llu\nprocs_running %u\nprocs_blocked 0\n",
           static_cast<unsigned long long>((realtime_ns() - now_ns()) / kNsPerSecond), running);
  return {};
}

Or<> add_fixed(fs::VirtualDirectory& root) {
  TRY(root.add_file("uptime", render_uptime));
  TRY(root.add_file("loadavg", render_loadavg));
  TRY(root.add_file("version", render_version));
  TRY(root.add_file("stat", render_stat_of_system));
  TRY(root.add_link("self", render_self));
  return {};
}

}  // namespace

void register_process_files() { fs::set_process_files({add_fixed, find_directory, next_pid}); }

}  // namespace ido
