#include "proc/signal_frame.hpp"

#include "arch/cpu.hpp"
#include "arch/entry_constants.h"
#include "arch/stack.hpp"
#include "base/bits.hpp"
#include "lib/string.hpp"
#include "mm/uaccess.hpp"
#include "proc/fpu.hpp"
#include "proc/task.hpp"

namespace ido {

namespace {

// struct sigcontext.
struct Context {
  u16 gs, gs_high, fs, fs_high, es, es_high, ds, ds_high;
  u32 edi, esi, ebp, esp, ebx, edx, ecx, eax;
  u32 trap_number, error, eip;
  u16 cs, cs_high;
  u32 eflags, esp_at_signal;
  u16 ss, ss_high;
  u32 fpu_state;  // user address of UserFpuState
  u32 old_mask;   // of signals 1-32
  u32 cr2;
};
static_assert(sizeof(Context) == 88);

// struct _fpstate: the FSAVE image (only its control, status and tag words are kept up) and the FXSAVE one.
struct UserFpuState {
  u32 control, status, tag, instruction_offset, instruction_selector, data_offset, data_selector;
  u8 registers[80];
  u16 status_copy;
  u16 magic;  // 0: the FXSAVE image follows
  u8 fxsave[512];
};
static_assert(sizeof(UserFpuState) == 624);

struct PlainFrame {
  u32 return_address;
  u32 number;
  Context context;
  u8 unused_fpu_state[624];
  u32 mask_high;
  u8 code[8];  // unused: the return address names restorer or the trampoline's page
};

struct AlternateStack {
  u32 base;
  u32 flags;
  u32 size;
};

struct RealTimeFrame {
  u32 return_address;
  u32 number;
  u32 info_address;
  u32 context_address;
  UserSignalInfo info;
  // struct ucontext
  u32 context_flags, context_link;
  AlternateStack stack;
  Context context;
  SignalSet mask;
  u8 code[8];
};

constexpr u32 kFlagDisable = 2;  // SS_DISABLE

void save_context(Context& c, const Task& task, const TrapFrame& f, u32 fpu_state) {
  memset(&c, 0, sizeof c);
  c.gs = static_cast<u16>(f.gs);
  c.fs = static_cast<u16>(f.fs);
  c.es = static_cast<u16>(f.es);
  c.ds = static_cast<u16>(f.ds);
  c.edi = f.edi;
  c.esi = f.esi;
  c.ebp = f.ebp;
  c.esp = c.esp_at_signal = f.esp;
  c.ebx = f.ebx;
  c.edx = f.edx;
  c.ecx = f.ecx;
  c.eax = f.eax;
  c.trap_number = f.in_system_call() ? 0 : f.vector;
  c.error = f.error;
  c.eip = f.eip;
  c.cs = static_cast<u16>(f.cs);
  c.eflags = f.eflags;
  c.ss = static_cast<u16>(f.ss);
  c.fpu_state = fpu_state;
  c.old_mask = static_cast<u32>(task.restore_blocked_set ? task.restore_blocked : task.blocked);
  c.cr2 = task.fault_address;
}

void restore_context(const Context& c, TrapFrame& f) {
  // Selectors of privilege level 3 only, flags that are the user's only: the rest of the frame is the kernel's.
  f.gs = c.gs;
  f.fs = c.fs;
  f.es = c.es;
  f.ds = c.ds;
  f.edi = c.edi;
  f.esi = c.esi;
  f.ebp = c.ebp;
  f.esp = c.esp;
  f.ebx = c.ebx;
  f.edx = c.edx;
  f.ecx = c.ecx;
  f.eax = c.eax;
  f.eip = c.eip;
  f.cs = c.cs | 3;
  f.ss = c.ss | 3;
  f.eflags = (f.eflags & ~eflags::kUser) | (c.eflags & eflags::kUser);
  f.vector = 0;  // no system call is in progress: nothing restarts
}

Or<> save_fpu(Task& task, u32 address) {
  fpu::save(task);
  UserFpuState state;
  memset(&state, 0, sizeof state - sizeof state.fxsave);
  const u8* image = task.fpu.image;
  state.control = 0xffff0000u | image[0] | image[1] << 8;
  state.status = 0xffff0000u | image[2] | image[3] << 8;
  state.tag = 0xffff0000u;
  memcpy(state.fxsave, image, sizeof state.fxsave);
  return copy_to_user(address, &state, sizeof state);
}

Or<> restore_fpu(Task& task, u32 address) {
  if (address == 0) {
    fpu::reset(task);
    return {};
  }
  // FXRSTOR takes only what FXSAVE could have stored: the program may have written anything.
  UserFpuState state;
  TRY(copy_from_user(&state, address, sizeof state));
  memcpy(task.fpu.image, state.fxsave, sizeof state.fxsave);
  fpu::reload(task);
  return {};
}

bool on_alternate_stack(const Task& task, u32 esp) {
  return task.alternate_stack_size != 0 && esp - task.alternate_stack - 1 < task.alternate_stack_size;
}

u32 stack_for(const Task& task, const TrapFrame& frame, const SignalAction& action) {
  if ((action.flags & SignalAction::kOnStack) && task.alternate_stack_size != 0 && !on_alternate_stack(task, frame.esp))
    return task.alternate_stack + task.alternate_stack_size;
  return frame.esp;
}

constexpr u32 result_of(Errno e) { return static_cast<u32>(-static_cast<i32>(e)); }

// A signal ended a system call early: the call is made again after the handler, or says EINTR.
void settle_system_call(TrapFrame& frame, const SignalAction& action) {
  if (!wants_restart(frame)) return;
  if ((action.flags & SignalAction::kRestart) && frame.eax == result_of(Errno::kRestartSys))
    return restart_system_call(frame);
  frame.eax = result_of(Errno::kIntr);
  frame.vector = 0;
}

Or<u32> push_real_time(Task& task, const TrapFrame& frame, const SignalAction& action, const SignalInfo& info, u32 top,
                       u32 fpu_state) {
  const u32 address =
      align_down<u32>(top - sizeof(RealTimeFrame) - 4, 16) - 4;  // ESP + 4 is a multiple of 16, as after CALL
  RealTimeFrame f;
  memset(&f, 0, sizeof f);
  f.return_address = action.flags & SignalAction::kRestorer ? action.restorer : VDSO_RT_SIGRETURN;
  f.number = static_cast<u32>(info.number);
  f.info_address = address + static_cast<u32>(__builtin_offsetof(RealTimeFrame, info));
  f.context_address = address + static_cast<u32>(__builtin_offsetof(RealTimeFrame, context_flags));
  f.info = user_info(info);
  f.stack = {task.alternate_stack,
             task.alternate_stack_size == 0        ? kFlagDisable
             : on_alternate_stack(task, frame.esp) ? 1u
                                                   : 0u,
             task.alternate_stack_size};
  save_context(f.context, task, frame, fpu_state);
  f.mask = task.restore_blocked_set ? task.restore_blocked : task.blocked;
  TRY(copy_to_user(address, &f, sizeof f));
  return address;
}

Or<u32> push_plain(Task& task, const TrapFrame& frame, const SignalAction& action, const SignalInfo& info, u32 top,
                   u32 fpu_state) {
  const u32 address = align_down<u32>(top - sizeof(PlainFrame) - 4, 16) - 4;
  PlainFrame f;
  memset(&f, 0, sizeof f);
  f.return_address = action.flags & SignalAction::kRestorer ? action.restorer : VDSO_SIGRETURN;
  f.number = static_cast<u32>(info.number);
  save_context(f.context, task, frame, fpu_state);
  f.mask_high = static_cast<u32>((task.restore_blocked_set ? task.restore_blocked : task.blocked) >> 32);
  TRY(copy_to_user(address, &f, sizeof f));
  return address;
}

}  // namespace

bool wants_restart(const TrapFrame& frame) {
  return frame.in_system_call() &&
         (frame.eax == result_of(Errno::kRestartSys) || frame.eax == result_of(Errno::kRestartNoHandler));
}

UserSignalInfo user_info(const SignalInfo& info) {
  UserSignalInfo to{};
  to.number = info.number;
  to.code = info.code;
  if (info.is_fault()) {
    to.fields[0] = info.address;
    return to;
  }
  to.fields[0] = static_cast<u32>(info.pid);
  to.fields[1] = info.user;
  to.fields[2] = static_cast<u32>(info.status);
  return to;
}

SignalInfo signal_info_of(const UserSignalInfo& from) {
  SignalInfo info{.number = from.number, .code = from.code};
  if (info.is_fault())
    info.address = from.fields[0];
  else
    info.pid = static_cast<i32>(from.fields[0]), info.user = from.fields[1],
    info.status = static_cast<i32>(from.fields[2]);
  return info;
}

void fetch_ebp(TrapFrame& frame) {
  if (frame.vector != vector::kSysenter) return;
  frame.vector = vector::kSystemCall;
  // Without the word, the program has no stack to return by either: it will find out.
  if (auto word = get_user<u32>(frame.ebp); word.ok()) frame.ebp = *word;
}

void restart_system_call(TrapFrame& frame) {
  fetch_ebp(frame);
  frame.eax = frame.error;  // the call's number, see arch/entry.S
  frame.eip -= 2;           // INT 80h, also before the return address of SYSENTER (arch/vdso.S)
  frame.vector = 0;
}

Or<> push_signal_frame(Task& task, TrapFrame& frame, const SignalAction& action, const SignalInfo& info) {
  fetch_ebp(frame);
  settle_system_call(frame, action);
  const bool real_time = action.flags & SignalAction::kSigInfo;
  const u32 fpu_state = align_down<u32>(stack_for(task, frame, action) - sizeof(UserFpuState), 16);
  TRY(save_fpu(task, fpu_state));
  const u32 address = real_time ? TRY(push_real_time(task, frame, action, info, fpu_state, fpu_state))
                                : TRY(push_plain(task, frame, action, info, fpu_state, fpu_state));
  task.restore_blocked_set = false;  // it is in the frame now
  frame.esp = address;
  frame.eip = action.handler;
  // Arguments also in registers, for handlers compiled with regparm.
  frame.eax = static_cast<u32>(info.number);
  frame.edx = real_time ? address + static_cast<u32>(__builtin_offsetof(RealTimeFrame, info)) : 0;
  frame.ecx = real_time ? address + static_cast<u32>(__builtin_offsetof(RealTimeFrame, context_flags)) : 0;
  set_flat_segments(frame);
  frame.eflags &= ~(eflags::kDirection | eflags::kTrap);
  return {};
}

Or<> pop_signal_frame(Task& task, TrapFrame& frame, FrameKind kind) {
  if (kind == FrameKind::kRealTime) {
    const auto f = TRY(get_user<RealTimeFrame>(frame.esp - 4));
    set_blocked(task, f.mask);
    restore_context(f.context, frame);
    return restore_fpu(task, f.context.fpu_state);
  }
  const auto f = TRY(get_user<PlainFrame>(frame.esp - 8));
  set_blocked(task, f.context.old_mask | u64{f.mask_high} << 32);
  restore_context(f.context, frame);
  return restore_fpu(task, f.context.fpu_state);
}

}  // namespace ido
