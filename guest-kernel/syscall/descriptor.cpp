// Descriptors: duplicating, flags, pipes, ioctl.
#include "fs/pipe.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kDupFd = 0, kGetFd = 1, kSetFd = 2, kGetFl = 3, kSetFl = 4, kGetLk = 5, kSetLk = 6, kSetLkW = 7,
              kGetLk64 = 12, kSetLk64 = 13, kSetLkW64 = 14, kDupFdCloexec = 1030;  // fcntl(2)
constexpr u32 kFdCloexec = 1;

Or<u32> duplicate_to(Call& call, bool close_on_exec) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  TRY(files(call).put(call[1], file, close_on_exec));
  return call[1];
}

Or<u32> make_pipe_for(Call& call, u32 flags) {
  fs::PipeEnds ends = TRY(fs::make_pipe(flags));
  const bool cloexec = (flags & fs::open_flag::kCloseOnExec) != 0;
  const u32 read = TRY(files(call).add(ends.read, cloexec));
  auto write = files(call).add(ends.write, cloexec);
  if (!write.ok()) {
    TRY(files(call).close(read));
    return fail(write.error());
  }
  const u32 both[2] = {read, *write};
  if (auto told = put_user(call[0], both); !told.ok()) {
    TRY(files(call).close(read));
    TRY(files(call).close(*write));
    return fail(told.error());
  }
  return 0;
}

}  // namespace

Or<u32> sys_dup(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return files(call).add(file, false);
}

Or<u32> sys_dup2(Call& call) {
  if (call[0] == call[1]) {
    TRY(file_of(call, call[0]));
    return call[1];
  }
  return duplicate_to(call, false);
}

Or<u32> sys_dup3(Call& call) {
  if (call[0] == call[1] || (call[2] & ~fs::open_flag::kCloseOnExec)) return fail(Errno::kInval);
  return duplicate_to(call, call[2] != 0);
}

Or<u32> sys_pipe(Call& call) { return make_pipe_for(call, 0); }
Or<u32> sys_pipe2(Call& call) { return make_pipe_for(call, call[1]); }

Or<u32> sys_fcntl(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  fs::FileTable::Slot* slot = files(call).slot(call[0]);
  switch (call[1]) {
    case kDupFd:
    case kDupFdCloexec:
      if (call[2] >= fs::FileTable::kMost) return fail(Errno::kInval);
      return files(call).add(file, call[1] == kDupFdCloexec, call[2]);
    case kGetFd: return slot->close_on_exec ? kFdCloexec : 0;
    case kSetFd: slot->close_on_exec = (call[2] & kFdCloexec) != 0; return 0;
    case kGetFl:
      return file->flags & ~(fs::open_flag::kCloseOnExec | fs::open_flag::kCreate | fs::open_flag::kExclusive |
                             fs::open_flag::kTruncate);
    case kSetFl: {
      constexpr u32 kSettable = fs::open_flag::kAppend | fs::open_flag::kNonBlock;
      file->flags = (file->flags & ~kSettable) | (call[2] & kSettable);
      return 0;
    }
    case kSetLk:
    case kSetLkW:
    case kSetLk64:
    case kSetLkW64: return 0;  // advisory locks are not kept: every one is granted
    case kGetLk:
    case kGetLk64: {
      constexpr u16 kUnlocked = 2;
      TRY(put_user(call[2], kUnlocked));
      return 0;
    }
    default: return fail(Errno::kInval);
  }
}

Or<u32> sys_ioctl(Call& call) {
  constexpr u32 kFioNbio = 0x5421, kFioClex = 0x5451, kFioNclex = 0x5450;
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  switch (call[1]) {
    case kFioClex: files(call).slot(call[0])->close_on_exec = true; return 0;
    case kFioNclex: files(call).slot(call[0])->close_on_exec = false; return 0;
    case kFioNbio:
      file->flags = TRY(get_user<u32>(call[2])) != 0 ? file->flags | fs::open_flag::kNonBlock
                                                     : file->flags & ~fs::open_flag::kNonBlock;
      return 0;
    default: return file->control(call[1], call[2]);
  }
}

}  // namespace ido
