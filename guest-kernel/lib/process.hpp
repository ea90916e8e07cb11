// The few things that drivers and file systems ask about processes, declared here so that they need not know proc,
// which implements them.
#pragma once

#include "base/types.hpp"

namespace ido {
using namespace base;

i32 current_process_id();
i32 current_process_group();
i32 current_session();
// True when the running task has a signal that would end an interruptible sleep.
bool signal_is_pending();
// Sends a signal to every process of a group (a terminal's Ctrl-C, SIGHUP, SIGTTIN).
void signal_process_group(i32 group, i32 signal);
void signal_process(i32 pid, i32 signal);
// The session of a group's processes; 0: there is no such group.
i32 session_of_group(i32 group);
// For terminals: whether a signal would do nothing to the running task, and whether its group has nobody who would
// start it again after a stop (setpgid(2), orphaned process groups).
bool signal_is_ignored_or_blocked(i32 signal);
bool current_group_is_orphaned();
// SIGPIPE and the like.
void signal_current(i32 signal);

// Memory has run out, at a place that may sleep: ends the process that uses most, or waits for one that is ending.
// Returns false when the caller's process is the one; true: try again.
bool make_room_by_killing();

// The leader of a session is ending: its terminal is let go, and who is in the foreground there hears of it (SIGHUP,
// SIGCONT). dev implements it, proc calls.
void end_terminal_session(i32 session);

// The controlling terminal of a session, for /proc/PID/stat; device_number 0: none. dev implements it.
struct TerminalOfSession {
  u32 device_number = 0;  // major << 8 | minor
  i32 foreground_group = -1;
};
TerminalOfSession describe_terminal(i32 session);

}  // namespace ido
