// /proc/PID, /proc/self and the files of /proc that tell of processes and of the system's time (proc(5)).
#pragma once

#include "fs/inode.hpp"

namespace ido {

// Joins them to procfs. Called once at boot, before /proc is mounted.
void register_process_files();

Or<Ref<fs::Inode>> make_memory_file(u32 pid);  // /proc/PID/mem

}  // namespace ido
