#include "proc/process_files.hpp"

#include "fs/permission.hpp"
#include "fs/proc_file_system.hpp"
#include "fs/vfs.hpp"
#include "mm/mm.hpp"
#include "mm/uaccess.hpp"

namespace ido {

namespace {

constexpr u32 kMostArguments = 1 << 20;  // bytes of a command line or an environment that are told

Or<> copy_range(Text& text, u32 argument, u32 Mm::*start, u32 Mm::*end) {
  const Subject s = TRY(subject_of(argument));
  if (s.process->mm == nullptr) return {};
  Mm& mm = *s.process->mm;
  mm.get();  // the process may go while the copy sleeps
  char chunk[256];
  Or<> result{};
  for (u32 at = mm.*start; at < mm.*end && at - mm.*start < kMostArguments && result.ok();) {
    const u32 n = mm.*end - at < sizeof chunk ? mm.*end - at : static_cast<u32>(sizeof chunk);
    result = copy_from_user(mm, chunk, at, n);
    if (result.ok()) text.add(StringView{chunk, n});
    at += n;
  }
  mm.put();
  return result;
}

Or<> render_command(Text& text, u32 argument) {
  return copy_range(text, argument, &Mm::argument_start, &Mm::argument_end);
}
Or<> render_environment(Text& text, u32 argument) {
  return copy_range(text, argument, &Mm::environment_start, &Mm::environment_end);
}

Or<> render_auxiliary(Text& text, u32 argument) {
  return copy_range(text, argument, &Mm::auxiliary_start, &Mm::auxiliary_end);
}

Or<> render_name(Text& text, u32 argument) {
  text.add("%s\n", TRY(subject_of(argument)).name());
  return {};
}
Or<> store_name(StringView name, u32 argument) {
  const Subject s = TRY(subject_of(argument));
  if (s.task == nullptr) return fail(Errno::kSrch);
  format_to(s.task->name, sizeof s.task->name, "%.*s", static_cast<int>(name.size < 15 ? name.size : 15), name.data);
  return {};
}

// --- Links: to the program, the working directory, the root.
using Target = Ref<fs::Dentry> (*)(const Process& process);

class ProcessLink final : public fs::Inode {
 public:
  ProcessLink(u32 argument, Target target) : Inode(fs::mode::kSymlink | 0777), argument_(argument), target_(target) {}
  Or<> read_link(Text& text) override {
    Ref<fs::Dentry> to = target_(*TRY(subject_of(argument_)).process);
    if (!to) return fail(Errno::kNoEnt);
    fs::path_of(std::move(to), text);
    return {};
  }
  Ref<fs::Dentry> jump() override {
    auto s = subject_of(argument_);
    return s.ok() ? target_(*s->process) : Ref<fs::Dentry>{};
  }

 private:
  u32 argument_;
  Target target_;
};

Ref<fs::Dentry> program_of(const Process& p) { return p.program; }
Ref<fs::Dentry> directory_of(const Process& p) { return p.directory; }
Ref<fs::Dentry> root_of(const Process& p) { return p.mm != nullptr && !p.root ? fs::root() : p.root; }

template <Target kTarget>
Or<Ref<fs::Inode>> make_link(u32 argument) {
  Ref<fs::Inode> link(new (std::nothrow) ProcessLink(argument, kTarget));
  if (!link) return fail(Errno::kNoMem);
  return link;
}

Or<Ref<fs::Inode>> make_task_directory(u32 argument);

// --- The table.
struct Row {
  const char* name;
  fs::Render render;                         // a file's, or
  Or<Ref<fs::Inode>> (*make)(u32 argument);  // what makes another kind of inode
  u32 mode;
  fs::Store store = nullptr;
};

constexpr u32 kFile = fs::mode::kRegular, kDirectory = fs::mode::kDirectory, kLink = fs::mode::kSymlink;
Or<Ref<fs::Inode>> make_memory(u32 argument) { return make_memory_file(argument & ~kOneThread); }

constexpr Row kRows[] = {
    {"auxv", render_auxiliary, nullptr, kFile | 0400},
    {"cmdline", render_command, nullptr, kFile | 0444},
    {"comm", render_name, nullptr, kFile | 0644, store_name},
    {"cwd", nullptr, make_link<directory_of>, kLink | 0777},
    {"environ", render_environment, nullptr, kFile | 0400},
    {"exe", nullptr, make_link<program_of>, kLink | 0777},
    {"fd", nullptr, make_descriptor_links, kDirectory | 0500},
    {"fdinfo", nullptr, make_descriptor_files, kDirectory | 0500},
    {"limits", render_limits, nullptr, kFile | 0444},
    {"maps", render_maps, nullptr, kFile | 0444},
    {"mem", nullptr, make_memory, kFile | 0600},
    {"mountinfo", fs::render_mount_information, nullptr, kFile | 0444},
    {"mounts", fs::render_mounts, nullptr, kFile | 0444},
    {"oom_score", render_oom_score, nullptr, kFile | 0444},
    {"oom_score_adj", render_oom_adjustment, nullptr, kFile | 0644, store_oom_adjustment},
    {"pagemap", nullptr, make_page_map, kFile | 0400},
    {"root", nullptr, make_link<root_of>, kLink | 0777},
    {"stat", render_stat, nullptr, kFile | 0444},
    {"statm", render_statm, nullptr, kFile | 0444},
    {"status", render_status, nullptr, kFile | 0444},
    // Threads have no such directory: it is the last row.
    {"task", nullptr, make_task_directory, kDirectory | 0555},
};
constexpr u32 kRowCount = sizeof kRows / sizeof *kRows;

// Numbers that stay the same from one look to the next.
u64 inode_number(u32 argument, u32 row) { return u64{argument} << 8 | row; }

Or<Ref<fs::Inode>> make_row(u32 row, u32 argument) {
  const Row& r = kRows[row];
  const Subject s = TRY(subject_of(argument));
  Ref<fs::Inode> made;
  if (r.make != nullptr)
    made = TRY(r.make(argument));
  else
    made = Ref<fs::Inode>(new (std::nothrow) fs::VirtualFile(r.render, r.store, argument));
  if (!made) return fail(Errno::kNoMem);
  made->status.mode = r.mode;
  made->status.inode = inode_number(argument, row + 1);
  made->status.user = s.process->credentials.user.effective;
  made->status.group = s.process->credentials.group.effective;
  return made;
}

class ProcessDirectory final : public fs::Inode {
 public:
  explicit ProcessDirectory(u32 argument) : Inode(kDirectory | 0555), argument_(argument) {
    status.inode = inode_number(argument, 0);
    if (auto s = subject_of(argument); s.ok()) {
      status.user = s->process->credentials.user.effective;
      status.group = s->process->credentials.group.effective;
    }
  }
  fs::FileSystemStatus file_system() override { return {fs::kProcMagic}; }
  Or<Ref<fs::Inode>> lookup(StringView name) override {
    for (u32 row = 0; row < rows(); ++row)
      if (name == kRows[row].name) return make_row(row, argument_);
    return fail(Errno::kNoEnt);
  }
  Or<u64> list(u64 position, fs::DirectorySink& sink) override {
    TRY(subject_of(argument_));
    for (; position < rows(); ++position) {
      const u32 row = static_cast<u32>(position);
      if (!sink.add(
              {kRows[row].name, inode_number(argument_, row + 1), kRows[row].mode & fs::mode::kType, position + 1}))
        break;
    }
    return position;
  }

 private:
  u32 rows() const { return argument_ & kOneThread ? kRowCount - 1 : kRowCount; }
  u32 argument_;
};

Or<Ref<fs::Inode>> make_directory(u32 argument) {
  Ref<fs::Inode> d(new (std::nothrow) ProcessDirectory(argument));
  if (!d) return fail(Errno::kNoMem);
  return d;
}

// /proc/PID/task: a directory a thread.
class TaskDirectory final : public fs::Inode {
 public:
  explicit TaskDirectory(u32 pid) : Inode(kDirectory | 0555), pid_(pid) {}
  Or<Ref<fs::Inode>> lookup(StringView name) override {
    u32 tid;
    const Subject s = TRY(subject_of(pid_));
    if (!fs::numbered_name(name, "", tid)) return fail(Errno::kNoEnt);
    for (const Task& t : s.process->threads)
      if (t.tid == static_cast<i32>(tid)) return make_directory(tid | kOneThread);
    return fail(Errno::kNoEnt);
  }
  // Positions are tids.
  Or<u64> list(u64 position, fs::DirectorySink& sink) override {
    const Subject s = TRY(subject_of(pid_));
    for (;;) {
      u32 next = 0;
      for (const Task& t : s.process->threads) {
        const u32 tid = static_cast<u32>(t.tid);
        if (tid > position && (next == 0 || tid < next)) next = tid;
      }
      if (next == 0) return position;
      char name[16];
      format_to(name, sizeof name, "%u", next);
      if (!sink.add({name, inode_number(next | kOneThread, 0), kDirectory, next})) return position;
      position = next;
    }
  }

 private:
  u32 pid_;
};

Or<Ref<fs::Inode>> make_task_directory(u32 argument) {
  Ref<fs::Inode> d(new (std::nothrow) TaskDirectory(argument));
  if (!d) return fail(Errno::kNoMem);
  return d;
}

// /proc/N: of a process, or of a thread by its number (which is not listed).
Or<Ref<fs::Inode>> find_directory(u32 pid) {
  if (pid > 0x7fffffff) return fail(Errno::kNoEnt);
  if (!subject_of(pid).ok()) return fail(Errno::kNoEnt);
  return make_directory(pid);
}

u32 next_pid(u32 after) {
  u32 best = 0;
  for (Process& p : all_processes()) {
    const u32 pid = static_cast<u32>(p.pid);
    if (pid > after && (best == 0 || pid < best)) best = pid;
  }
  return best;
}

}  // namespace

Or<Subject> subject_of(u32 argument) {
  const i32 tid = static_cast<i32>(argument & ~kOneThread);
  if (!(argument & kOneThread))
    if (Process* p = find_process(tid)) return Subject{p, p->first_thread()};
  Task* task = find_task(tid);
  if (task == nullptr || task->process == nullptr) return fail(Errno::kSrch);
  return Subject{task->process, task, (argument & kOneThread) != 0};
}

ProcessorTimes times_of(const Subject& s) {
  if (s.alone) return {s.task->user_ns, s.task->system_ns};
  ProcessorTimes t{s.process->dead_user_ns, s.process->dead_system_ns};
  for (const Task& task : s.process->threads) t.user_ns += task.user_ns, t.system_ns += task.system_ns;
  return t;
}

char state_letter(const Subject& s) {
  if (s.process->zombie || s.task == nullptr) return 'Z';
  switch (s.task->state) {
    case TaskState::kRunnable: return 'R';
    case TaskState::kSleeping: return s.process->mm == nullptr ? 'I' : 'D';
    case TaskState::kInterruptible: return 'S';
    case TaskState::kStopped: return s.task->trace.stopped ? 't' : 'T';
    case TaskState::kDead: return 'X';
  }
  return '?';
}

void register_process_files() {
  fs::set_process_files({add_system_files, add_system_settings, find_directory, next_pid});
}

}  // namespace ido
