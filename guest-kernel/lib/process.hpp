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
// SIGPIPE and the like.
void signal_current(i32 signal);

// The leader of a session is ending: its terminal is let go, and who is in the foreground there hears of it (SIGHUP,
// SIGCONT). dev implements it, proc calls.
void end_terminal_session(i32 session);

}  // namespace ido
