// ptrace(2). The thread that is asked about must be traced by the caller and stopped, but for the first requests.
#include "proc/fpu.hpp"
#include "proc/process.hpp"
#include "proc/signal_frame.hpp"
#include "proc/tls.hpp"
#include "proc/trace.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

using trace::kRegisterCount;

enum class Request : u32 {
  kTraceMe = 0,
  kPeekText = 1,
  kPeekData = 2,
  kPeekUser = 3,
  kPokeText = 4,
  kPokeData = 5,
  kPokeUser = 6,
  kContinue = 7,
  kKill = 8,
  kSingleStep = 9,
  kGetRegs = 12,
  kSetRegs = 13,
  kGetFpRegs = 14,
  kSetFpRegs = 15,
  kAttach = 16,
  kDetach = 17,
  kGetFpxRegs = 18,
  kSetFpxRegs = 19,
  kSystemCall = 24,
  kGetThreadArea = 25,
  kSetThreadArea = 26,
  kSetOptions = 0x4200,
  kGetEventMessage = 0x4201,
  kGetSignalInfo = 0x4202,
  kSetSignalInfo = 0x4203,
  kGetRegisterSet = 0x4204,
  kSetRegisterSet = 0x4205,
  kSeize = 0x4206,
  kInterrupt = 0x4207,
  kListen = 0x4208,
  kGetSignalMask = 0x420a,
  kSetSignalMask = 0x420b,
};

// struct user (asm/user_32.h): the registers at its start, the debug registers at its end.
constexpr u32 kDebugAt = 252, kUserSize = 284;

struct Registers {
  u32 value[kRegisterCount];
};
Registers registers_of(const Task& task) {
  Registers r{};
  for (u32 i = 0; i < kRegisterCount; ++i) r.value[i] = trace::read_register(task, i);
  return r;
}
Or<> set_registers(Task& task, const Registers& r, u32 count) {
  for (u32 i = 0; i < count; ++i) TRY(trace::write_register(task, i, r.value[i]));
  return {};
}

Or<u32> read_user(const Task& task, u32 offset) {
  if (offset % 4 != 0 || offset >= kUserSize) return fail(Errno::kIo);
  if (offset < kRegisterCount * 4) return trace::read_register(task, offset / 4);
  if (offset >= kDebugAt) return trace::read_debug_register(task, (offset - kDebugAt) / 4);
  return 0;
}
Or<> write_user(Task& task, u32 offset, u32 value) {
  if (offset % 4 != 0 || offset >= kUserSize) return fail(Errno::kIo);
  if (offset < kRegisterCount * 4) return trace::write_register(task, offset / 4, value);
  if (offset >= kDebugAt) return trace::write_debug_register(task, (offset - kDebugAt) / 4, value);
  return {};
}

// NT_PRSTATUS, NT_PRFPREG, NT_PRXFPREG of PTRACE_GETREGSET: the data is in an iovec.
constexpr u32 kGeneralSet = 1, kFpSet = 2, kFxSet = 0x46e62b7f;
struct Vector2 {
  u32 base, size;
};

Or<u32> register_set(Task& task, u32 kind, u32 vector_address, bool write) {
  auto v = TRY(get_user<Vector2>(vector_address));
  const auto clip = [&](u32 whole) { v.size = v.size < whole ? v.size : whole; };
  if (kind == kGeneralSet) {
    Registers r = registers_of(task);
    clip(sizeof r);
    if (write) {
      TRY(copy_from_user(&r, v.base, v.size));
      TRY(set_registers(task, r, v.size / 4));
    } else {
      TRY(copy_to_user(v.base, &r, v.size));
    }
  } else if (kind == kFpSet) {
    UserFpRegisters r = fpu::classic_image(task);
    clip(sizeof r);
    if (write) {
      TRY(copy_from_user(&r, v.base, v.size));
      fpu::set_classic_image(task, r);
    } else {
      TRY(copy_to_user(v.base, &r, v.size));
    }
  } else if (kind == kFxSet) {
    fpu::save(task);
    clip(sizeof task.fpu.image);
    if (write) {
      TRY(copy_from_user(task.fpu.image, v.base, v.size));
      fpu::reload(task);
    } else {
      TRY(copy_to_user(v.base, task.fpu.image, v.size));
    }
  } else {
    return fail(Errno::kInval);
  }
  TRY(put_user(vector_address, v));
  return 0;
}

bool may_trace(const Process& tracer, const Process& target) {
  const Credentials& who = tracer.credentials;
  const Identity& id = target.credentials.user;
  return who.privileged() || (who.user.real == id.real && who.user.real == id.effective && who.user.real == id.saved);
}

Or<u32> attach(Call& call, bool seize) {
  Task* task = find_task(static_cast<i32>(call[1]));
  if (task == nullptr) return fail(Errno::kSrch);
  Process& self = *call.task.process;
  if (task->process == &self || task->process->mm == nullptr || task->trace.tracer != nullptr)
    return fail(Errno::kPerm);
  if (!may_trace(self, *task->process)) return fail(Errno::kPerm);
  if (seize && (call[2] != 0 || (call[3] & ~trace::option::kAll))) return fail(Errno::kIo);
  trace::attach(*task, self, seize ? call[3] : 0, seize);
  if (!seize) send_thread_signal(*task, {.number = sig::kStop});
  return 0;
}

Or<u32> go_on(Task& task, Request request, u32 signal) {
  if (signal > static_cast<u32>(sig::kCount)) return fail(Errno::kIo);
  task.trace.calls = request == Request::kSystemCall;
  task.trace.step = request == Request::kSingleStep;
  if (task.trace.step) task.user_frame().eflags |= eflags::kTrap;
  trace::go_on(task, static_cast<i32>(signal), request == Request::kDetach);
  return 0;
}

// Asks a stopped thread.
Or<u32> ask(Call& call, Task& task, Request request) {
  Mm* mm = task.process->mm;
  const u32 address = call[2], data = call[3];
  switch (request) {
    case Request::kPeekText:
    case Request::kPeekData: {
      u32 word;
      if (mm == nullptr || !trace::read_memory(*mm, &word, address, sizeof word)) return fail(Errno::kIo);
      TRY(put_user(data, word));
      return 0;
    }
    case Request::kPokeText:
    case Request::kPokeData:
      if (mm == nullptr || !trace::write_memory(*mm, address, &data, sizeof data)) return fail(Errno::kIo);
      return 0;
    case Request::kPeekUser: {
      const u32 word = TRY(read_user(task, address));
      TRY(put_user(data, word));
      return 0;
    }
    case Request::kPokeUser: TRY(write_user(task, address, data)); return 0;
    case Request::kGetRegs: TRY(put_user(data, registers_of(task))); return 0;
    case Request::kSetRegs: {
      const auto registers = TRY(get_user<Registers>(data));
      TRY(set_registers(task, registers, kRegisterCount));
      return 0;
    }
    case Request::kGetFpRegs: TRY(put_user(data, fpu::classic_image(task))); return 0;
    case Request::kSetFpRegs: fpu::set_classic_image(task, TRY(get_user<UserFpRegisters>(data))); return 0;
    case Request::kGetFpxRegs:
      fpu::save(task);
      TRY(copy_to_user(data, task.fpu.image, sizeof task.fpu.image));
      return 0;
    case Request::kSetFpxRegs:
      fpu::save(task);
      TRY(copy_from_user(task.fpu.image, data, sizeof task.fpu.image));
      fpu::reload(task);
      return 0;
    case Request::kGetRegisterSet: return register_set(task, address, data, false);
    case Request::kSetRegisterSet: return register_set(task, address, data, true);
    case Request::kGetThreadArea: TRY(read_thread_area(task, address, data)); return 0;
    case Request::kSetThreadArea: TRY(write_thread_area(task, address, data)); return 0;
    case Request::kSetOptions:
      if (data & ~trace::option::kAll) return fail(Errno::kInval);
      task.trace.options = data;
      return 0;
    case Request::kGetEventMessage: TRY(put_user(data, task.trace.message)); return 0;
    case Request::kGetSignalInfo:
      if (!task.trace.has_info) return fail(Errno::kInval);
      TRY(put_user(data, user_info(task.trace.info)));
      return 0;
    case Request::kSetSignalInfo:
      if (!task.trace.has_info) return fail(Errno::kInval);
      task.trace.info = signal_info_of(TRY(get_user<UserSignalInfo>(data)));
      return 0;
    case Request::kGetSignalMask:
      if (address != sizeof(SignalSet)) return fail(Errno::kInval);
      TRY(put_user(data, task.blocked));
      return 0;
    case Request::kSetSignalMask:
      if (address != sizeof(SignalSet)) return fail(Errno::kInval);
      set_blocked(task, TRY(get_user<SignalSet>(data)));
      return 0;
    case Request::kContinue:
    case Request::kSystemCall:
    case Request::kSingleStep:
    case Request::kDetach: return go_on(task, request, data);
    default: return fail(Errno::kIo);
  }
}

}  // namespace

Or<u32> sys_ptrace(Call& call) {
  const auto request = static_cast<Request>(call[0]);
  Process& self = *call.task.process;
  if (request == Request::kTraceMe) {
    if (call.task.trace.tracer != nullptr || self.parent->mm == nullptr) return fail(Errno::kPerm);
    trace::attach(call.task, *self.parent, 0, false);
    return 0;
  }
  if (request == Request::kAttach || request == Request::kSeize) return attach(call, request == Request::kSeize);
  Task* task = find_task(static_cast<i32>(call[1]));
  if (task == nullptr || task->trace.tracer != &self) return fail(Errno::kSrch);
  if (request == Request::kKill) {
    send_signal(*task->process, {.number = sig::kKill});
    return 0;
  }
  if (request == Request::kInterrupt || request == Request::kListen) {
    if (!task->trace.seized) return fail(Errno::kIo);
    if (request == Request::kListen) return go_on(*task, Request::kContinue, 0);
    if (!task->trace.stopped) trace::interrupt(*task);
    return 0;
  }
  if (!task->trace.stopped) return fail(Errno::kSrch);
  return ask(call, *task, request);
}

}  // namespace ido
