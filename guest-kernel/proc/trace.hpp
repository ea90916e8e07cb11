// Tracing (ptrace(2)): what a traced thread keeps, its stops, and what a tracer may look at and change. Requests are in
// syscall/ptrace.cpp.
//
// A traced thread stops in stop_for_tracer(), on its own stack, and goes on when its tracer says so. The tracer is a
// process: any of its threads may ask. Between a stop and going on, the thread's frame, registers and memory are still,
// and only then may they be changed.
#pragma once

#include "lib/errno.hpp"
#include "proc/signal.hpp"

namespace ido {

struct Task;
struct Process;
struct TrapFrame;
class Mm;

namespace trace {

namespace option {
inline constexpr u32 kSysGood = 1, kFork = 2, kVfork = 4, kClone = 8, kExec = 0x10, kVforkDone = 0x20, kExit = 0x40,
                     kExitKill = 0x100000, kAll = 0x10007f;
}
// Events: the third byte of a stop's wait status. The options that ask for them are 1 << event.
namespace event {
inline constexpr u32 kFork = 1, kVfork = 2, kClone = 3, kExec = 4, kVforkDone = 5, kExit = 6, kStop = 128;
}

struct State {
  Process* tracer = nullptr;  // nullptr: not traced
  u32 options = 0;
  bool seized = false;       // PTRACE_SEIZE: no SIGSTOP for new children, no SIGTRAP after exec
  bool calls = false;        // stops before and after system calls
  bool step = false;         // TF is the tracer's
  bool interrupted = false;  // PTRACE_INTERRUPT: a stop is due
  bool stopped = false;      // waits for the tracer
  bool reported = false;     // to wait4
  u32 status = 0;            // signal | event << 8, of the stop
  i32 signal = 0;            // with which it goes on, 0: none
  u32 message = 0;           // PTRACE_GETEVENTMSG
  bool has_info = false;
  SignalInfo info;    // of the stop, and of the signal with which it goes on
  u32 debug[8] = {};  // DR0-3, 6, 7: of the thread, as the tracer set them

  bool breakpoints() const { return (debug[7] & 0xff) != 0; }
  // The return to user mode has something to do each time.
  bool needs_care() const { return step || breakpoints(); }
};

// Stops the running thread until its tracer lets it go on; returns the signal with which, 0: none. At once with 0 when
// it is not traced or is being killed. `info`: of a signal; nullptr: a stop without one.
i32 stop_for_tracer(u32 status, const SignalInfo* info, u32 message = 0);
// An event's stop, if its tracer asked for it.
void report_event(u32 event, u32 message);
// Lets a stopped thread go on, and ends the tracing first if `detach`.
void go_on(Task& task, i32 signal, bool detach);
void interrupt(Task& task);  // PTRACE_INTERRUPT: it stops as soon as it can
void attach(Task& task, Process& tracer, u32 options, bool seized);
// A new child or thread of a traced one, under the same tracer. `event`: how it was made.
void inherit(Task& child, const Task& parent, u32 event);
void tracer_ends(Process& tracer);
// The running thread ends: its tracer will be told by wait4, unless it is the parent of a process that ends whole.
void report_end(i32 wait_status, bool process_ends);
// wait4 of a tracer: what there is to report of a traced thread that `pid` names (wait_child); false: nothing.
bool find_report(Process& tracer, i32 pid, bool keep, i32& tid, i32& wait_status);
bool traces_any(Process& tracer, i32 pid);

// Registers of a stopped thread, in the order and the numbering of user_regs_struct.
inline constexpr u32 kRegisterCount = 17;
u32 read_register(const Task& task, u32 index);
Or<> write_register(Task& task, u32 index, u32 value);
u32 read_debug_register(const Task& task, u32 number);
Or<> write_debug_register(Task& task, u32 number, u32 value);

// Memory of a process, whatever its protection says; private pages are copied before they are written. The vsyscall
// page can be read. Errno::kFault, kIo.
Or<> read_memory(Mm& mm, void* to, u32 address, u32 size);
Or<> write_memory(Mm& mm, u32 address, const void* from, u32 size);

// For the scheduler: puts the thread's breakpoints into the processor, or takes another's out.
void load_breakpoints(const Task& task);
// A debug exception of user code: what DR6 says, as SIGTRAP's si_code.
i32 debug_exception(Task& task, TrapFrame& frame);

}  // namespace trace
}  // namespace ido
