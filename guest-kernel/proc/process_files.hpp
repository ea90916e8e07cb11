// /proc/PID, /proc/self and the files of /proc that tell of processes and of the system's time (proc(5)).
#pragma once

namespace ido {

// Joins them to procfs. Called once at boot, before /proc is mounted.
void register_process_files();

}  // namespace ido
