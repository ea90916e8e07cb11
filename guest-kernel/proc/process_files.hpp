// /proc/PID and what else in /proc is about processes (proc(5)). A row of a table is a file; its text is made when it
// is opened.
#pragma once

#include "fs/virtual_tree.hpp"
#include "proc/task.hpp"

namespace ido {

void register_process_files();

// Whom a file is about: a process (by its pid), or one of its threads (/proc/PID/task/TID).
struct Subject {
  Process* process = nullptr;
  Task* task = nullptr;  // the thread, or the process's first; null: none is left
  bool alone = false;    // the thread alone: its own times and state
  const char* name() const { return task != nullptr ? task->name : process->last_name; }
};
// `argument`: a tid, with kOneThread for a thread alone. Errno::kSrch.
inline constexpr u32 kOneThread = 1u << 31;
Or<Subject> subject_of(u32 argument);

struct ProcessorTimes {
  u64 user_ns = 0, system_ns = 0;
};
ProcessorTimes times_of(const Subject& subject);
char state_letter(const Subject& subject);

// The rows, by family.
Or<> render_status(Text& text, u32 argument);
Or<> render_stat(Text& text, u32 argument);
Or<> render_statm(Text& text, u32 argument);
Or<> render_maps(Text& text, u32 argument);
Or<> render_limits(Text& text, u32 argument);
Or<> render_oom_score(Text& text, u32 argument);
Or<> render_oom_adjustment(Text& text, u32 argument);
Or<> store_oom_adjustment(StringView text, u32 argument);
Or<Ref<fs::Inode>> make_page_map(u32 argument);  // /proc/PID/pagemap

// /proc/PID/fd and fdinfo.
Or<Ref<fs::Inode>> make_descriptor_links(u32 argument);
Or<Ref<fs::Inode>> make_descriptor_files(u32 argument);

Or<Ref<fs::Inode>> make_memory_file(u32 pid);  // /proc/PID/mem

// The files of /proc itself: uptime, loadavg, stat, cpuinfo, version, self, sys/kernel.
Or<> add_system_files(fs::VirtualDirectory& root);
Or<> add_system_settings(fs::VirtualDirectory& sys);  // /proc/sys: kernel, fs

}  // namespace ido
