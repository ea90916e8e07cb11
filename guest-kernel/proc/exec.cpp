// Replacing the program of a process. Until commit() everything can still fail and the old program goes on; after it,
// there is no way back.
#include "arch/cpu.hpp"
#include "arch/interrupts.hpp"
#include "arch/stack.hpp"
#include "base/bits.hpp"
#include "fs/permission.hpp"
#include "lib/print.hpp"
#include "lib/random.hpp"
#include "lib/string.hpp"
#include "mm/uaccess.hpp"
#include "proc/elf.hpp"
#include "proc/fpu.hpp"
#include "proc/lifetime.hpp"
#include "proc/process.hpp"
#include "proc/scheduler.hpp"
#include "proc/strings.hpp"

namespace ido {

namespace {

constexpr u32 kInitialStack = 33 * kPageSize;  // mapped at first; it grows by itself
constexpr u32 kMostScripts = 4;
constexpr char kPlatform[] = "i686";

// Entries of the auxiliary vector (i386 ABI, elf.h).
constexpr u32 kAtNull = 0, kAtPhdr = 3, kAtPhent = 4, kAtPhnum = 5, kAtPageSize = 6, kAtBase = 7, kAtFlags = 8,
              kAtEntry = 9, kAtUid = 11, kAtEuid = 12, kAtGid = 13, kAtEgid = 14, kAtPlatform = 15, kAtHwCap = 16,
              kAtClockTick = 17, kAtSecure = 23, kAtRandom = 25, kAtExecFn = 31, kAtSysInfo = 32, kAtSysInfoEhdr = 33;

struct Program {
  StringBlock arguments, environment;
  Text given;  // the path that was asked for: a script's, where `path` is its interpreter's
  Text path;   // of the file that is loaded
  Ref<fs::Dentry> file;
};

Or<Ref<fs::Dentry>> find_program(StringView path) {
  Ref<fs::Dentry> dentry = TRY(fs::lookup(current_process().directory, path));
  if (!dentry->inode->is_regular() || (fs::mount_flags(*dentry) & fs::mount_flag::kNoExecute))
    return fail(Errno::kAcces);
  TRY(fs::permit(*dentry->inode, fs::want::kExecute));
  if (dentry->inode->writers > 0) return fail(Errno::kTxtBsy);
  Text whole;
  fs::path_of(dentry, whole);
  dentry->inode->opened_as(whole.view());
  return dentry;
}

// Who the program runs as: set-user-ID and set-group-ID programs change it, scripts don't.
Credentials credentials_for(const Program& program) {
  Credentials who = current_process().credentials;
  const fs::Status& status = program.file->inode->status;
  if (!(fs::mount_flags(*program.file) & fs::mount_flag::kNoSetId)) {
    if (status.mode & fs::mode::kSetUser) who.user.effective = status.user;
    if ((status.mode & fs::mode::kSetGroup) && (status.mode & fs::mode::kGroupExecute))
      who.group.effective = status.group;
  }
  for (Identity* id : {&who.user, &who.group}) id->saved = id->file_system = id->effective;
  return who;
}

// "#!interpreter argument": the interpreter runs with the script's path as its next argument.
Or<bool> follow_script(Program& program, StringView path) {
  char line[128];
  fs::Buffer buffer = fs::Buffer::kernel(line, sizeof line);
  const u32 size = TRY(program.file->inode->read(0, buffer));
  if (size < 3 || line[0] != '#' || line[1] != '!') return false;
  StringView rest{line + 2, size - 2};
  rest = rest.first(rest.find('\n'));
  const auto trim = [](StringView s) {
    while (!s.empty() && (s[0] == ' ' || s[0] == '\t')) s = s.from(1);
    while (!s.empty() && (s[s.size - 1] == ' ' || s[s.size - 1] == '\t')) s = s.first(s.size - 1);
    return s;
  };
  rest = trim(rest);
  const StringView interpreter = rest.first(rest.find(' '));
  const StringView argument = trim(rest.from(interpreter.size));
  if (interpreter.empty()) return fail(Errno::kNoExec);
  program.arguments.remove_front();
  TRY(program.arguments.add_front(path));
  if (!argument.empty()) TRY(program.arguments.add_front(argument));
  TRY(program.arguments.add_front(interpreter));
  program.file = TRY(find_program(interpreter));
  program.path = Text{};
  program.path.add(interpreter);
  return true;
}

// Builds the first stack, from the top: the program's name, strings, random bytes, then the vectors. Returns ESP.
class StackBuilder {
 public:
  explicit StackBuilder(Mm& mm) : mm_(mm) {}

  Or<u32> build(const Program& program, const LoadedProgram& loaded) {
    top_ = layout::kUserStackTop - 4;
    const StringView path = program.given.view();  // AT_EXECFN
    TRY(push_string(path));
    const u32 name = top_;
    TRY(push(kPlatform, sizeof kPlatform));
    const u32 platform = top_;
    mm_.environment_end = align_down<u32>(top_, 4);
    TRY(push_block(program.environment));
    mm_.environment_start = mm_.argument_end = top_;
    TRY(push_block(program.arguments));
    mm_.argument_start = top_;
    u8 random[16];
    random_bytes(random, sizeof random);
    TRY(push(random, sizeof random));
    const u32 random_address = top_;

    const Credentials who = credentials_for(program);
    const bool secure = who.user.effective != who.user.real || who.group.effective != who.group.real;
    const u32 auxiliary[][2] = {{kAtSysInfo, VDSO_VSYSCALL},
                                {kAtSysInfoEhdr, VDSO_BASE},
                                {kAtHwCap, cpu.edx},
                                {kAtPageSize, kPageSize},
                                {kAtClockTick, 100},
                                {kAtPhdr, loaded.headers},
                                {kAtPhent, kProgramHeaderSize},
                                {kAtPhnum, loaded.header_count},
                                {kAtBase, loaded.interpreter_base},
                                {kAtFlags, 0},
                                {kAtEntry, loaded.entry},
                                {kAtUid, who.user.real},
                                {kAtEuid, who.user.effective},
                                {kAtGid, who.group.real},
                                {kAtEgid, who.group.effective},
                                {kAtSecure, secure ? 1u : 0u},
                                {kAtRandom, random_address},
                                {kAtExecFn, name},
                                {kAtPlatform, platform},
                                {kAtNull, 0}};
    const u32 words = 1 + program.arguments.count() + 1 + program.environment.count() + 1;
    top_ = align_down<u32>(top_ - words * 4 - static_cast<u32>(sizeof auxiliary), 16);
    const u32 esp = top_;
    u32 at = esp;
    TRY(put(at, program.arguments.count()));
    TRY(put_pointers(at, program.arguments, mm_.argument_start));
    TRY(put_pointers(at, program.environment, mm_.environment_start));
    TRY(copy_to_user(mm_, at, auxiliary, sizeof auxiliary));
    mm_.auxiliary_start = at;
    mm_.auxiliary_end = at + sizeof auxiliary;
    return esp;
  }

 private:
  Or<> push(const void* from, u32 size) {
    top_ -= size;
    return copy_to_user(mm_, top_, from, size);
  }
  Or<> push_string(StringView s) {
    TRY(push("", 1));
    return push(s.data, s.size);
  }
  Or<> push_block(const StringBlock& block) { return push(block.data(), block.bytes()); }
  Or<> put(u32& at, u32 word) {
    TRY(copy_to_user(mm_, at, &word, sizeof word));
    at += 4;
    return {};
  }
  Or<> put_pointers(u32& at, const StringBlock& block, u32 strings) {
    const char* text = block.data();
    u32 offset = 0;
    for (u32 i = 0; i < block.count(); ++i) {
      TRY(put(at, strings + offset));
      offset += static_cast<u32>(strlen(text + offset)) + 1;
    }
    return put(at, 0);
  }

  Mm& mm_;
  u32 top_ = 0;
};

struct Prepared {
  Mm* mm;
  u32 start, esp;
};

Or<Prepared> prepare_in(Mm& mm, const Program& program) {
  const LoadedProgram loaded = TRY(load_elf(mm, *program.file->inode));
  TRY(mm.map({.address = layout::kUserStackTop - kInitialStack,
              .size = kInitialStack,
              .protection = protection::kRead | protection::kWrite,
              .flags = area_flag::kGrowsDown,
              .placement = Placement::kFixed,
              .label = "[stack]"}));
  mm.start_break(loaded.break_start);
  mm.code_start = loaded.code_start;
  mm.code_end = loaded.code_end;
  const u32 esp = TRY(StackBuilder{mm}.build(program, loaded));
  mm.stack_start = esp;
  return Prepared{&mm, loaded.start, esp};
}

Or<Prepared> prepare(const Program& program) {
  Mm* mm = TRY(Mm::create());
  auto prepared = prepare_in(*mm, program);
  if (!prepared) mm->put();
  return prepared;
}

// Ends the other threads of the process.
void be_alone(Process& process) {
  for (Task& task : process.threads) {
    if (&task == current()) continue;
    task.leaving = true;
    if (task.state == TaskState::kInterruptible || task.state == TaskState::kStopped) make_runnable(task);
  }
  while (process.thread_count > 1) process.child_changed.wait();
}

void commit(const Program& program, const Prepared& prepared, TrapFrame& frame) {
  Task& task = *current();
  Process& process = *task.process;
  be_alone(process);
  if (process.mm != nullptr) release_robust_list(task);
  Mm* old = process.mm;
  process.mm = prepared.mm;
  task.uses_user_memory = true;
  memset(task.tls, 0, sizeof task.tls);
  process.local_segments = {};
  fpu::reset(task);
  refresh_context();
  finish_vfork(process);
  if (old != nullptr) old->put();

  if (process.files->holders() > 1) {
    if (auto own = process.files->clone(); own.ok()) process.files = *own;
  }
  process.files->close_on_exec();
  delete_posix_timers(process);
  process.credentials = credentials_for(program);
  process.program = program.file;
  process.has_executed = true;
  for (SignalAction& action : process.actions)
    if (action.handler != SignalAction::kIgnore) action = {};
  task.alternate_stack_size = 0;
  task.clear_tid_address = 0;
  task.robust_list = 0;
  StringView name = program.given.view();
  for (u32 slash = name.find('/'); slash < name.size; slash = name.find('/')) name = name.from(slash + 1);
  name = name.first(sizeof task.name - 1);
  memset(task.name, 0, sizeof task.name);
  memcpy(task.name, name.data, name.size);

  TrapFrame* fresh = make_user_frame(task.stack, prepared.start, prepared.esp);
  KASSERT(fresh == &frame);
  trace::State& traced = task.trace;
  memset(traced.debug, 0, sizeof traced.debug);
  trace::load_breakpoints(task);
  if (traced.tracer == nullptr) return;
  if (traced.options & trace::option::kExec)
    trace::report_event(trace::event::kExec, static_cast<u32>(task.tid));
  else if (!traced.seized)
    send_thread_signal(task, {.number = sig::kTrap, .pid = process.pid});
}

Or<> load_and_run(Program& program, StringView path, TrapFrame& frame) {
  program.given.add(path);
  program.path.add(path);
  program.file = TRY(find_program(path));
  for (u32 i = 0; TRY(follow_script(program, program.path.view())); ++i)
    if (i == kMostScripts) return fail(Errno::kLoop);
  if (!program.path.complete() || !program.given.complete()) return fail(Errno::kNoMem);
  const Prepared prepared = TRY(prepare(program));
  commit(program, prepared, frame);
  return {};
}

}  // namespace

Or<> execute(const char* path, u32 arguments, u32 environment, TrapFrame& frame) {
  Program program;
  TRY(program.arguments.add_user_array(arguments));
  TRY(program.environment.add_user_array(environment));
  return load_and_run(program, path, frame);
}

Or<> execute_first(const char* path, const char* const* arguments, const char* const* environment, TrapFrame& frame) {
  Program program;
  for (; *arguments != nullptr; ++arguments) TRY(program.arguments.add(*arguments));
  for (; *environment != nullptr; ++environment) TRY(program.environment.add(*environment));
  return load_and_run(program, path, frame);
}

}  // namespace ido
