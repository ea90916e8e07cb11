// Descriptors: duplicating, flags, locks, pipes, ioctl.
#include "fs/lock.hpp"
#include "fs/pipe.hpp"
#include "fs/tmpfs.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

constexpr u32 kDupFd = 0, kGetFd = 1, kSetFd = 2, kGetFl = 3, kSetFl = 4, kGetLk = 5, kSetLk = 6, kSetLkW = 7,
              kSetOwn = 8, kGetOwn = 9, kSetSig = 10, kGetSig = 11, kGetLk64 = 12, kSetLk64 = 13, kSetLkW64 = 14,
              kOfdGetLk = 36, kOfdSetLk = 37, kOfdSetLkW = 38, kDupFdCloexec = 1030, kSetPipeSize = 1031,
              kGetPipeSize = 1032, kAddSeals = 1033, kGetSeals = 1034;  // fcntl(2)
constexpr u32 kFdCloexec = 1;

Or<u32> duplicate_to(Call& call, bool close_on_exec) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  TRY(files(call).put(call[1], std::move(file), close_on_exec));
  return call[1];
}

Or<u32> make_pipe_for(Call& call, u32 flags) {
  if (flags & ~(fs::open_flag::kCloseOnExec | fs::open_flag::kNonBlock | fs::open_flag::kDirect))
    return fail(Errno::kInval);
  fs::PipeEnds ends = TRY(fs::make_pipe(flags));
  return add_pair(call, std::move(ends.read), std::move(ends.write), (flags & fs::open_flag::kCloseOnExec) != 0,
                  call[0]);
}

// struct flock and flock64 of i386, whose 64-bit fields are aligned to 4.
template <class T>
struct [[gnu::packed]] UserLock {
  i16 type, whence;
  T start, length;
  i32 pid;
};
static_assert(sizeof(UserLock<i32>) == 16 && sizeof(UserLock<i64>) == 24);

Or<fs::LockRequest> request_of(fs::File& file, i32 type, i32 whence, i64 start, i64 length) {
  if (type < 0 || type > 2) return fail(Errno::kInval);
  if (whence == 1)
    start += static_cast<i64>(file.position);
  else if (whence == 2)
    start += static_cast<i64>(TRY(file.file_status()).size);
  else if (whence != 0)
    return fail(Errno::kInval);
  if (length < 0) start += length, length = -length;  // the bytes in front of start
  if (start < 0) return fail(Errno::kInval);
  fs::LockRequest r;
  r.type = static_cast<fs::LockType>(type);
  r.start = static_cast<u64>(start);
  r.end = length == 0 ? ~u64{0} : r.start + static_cast<u64>(length) - 1;
  return r;
}

template <class T>
Or<u32> lock_range(Call& call, const Ref<fs::File>& file) {
  UserLock<T> l = TRY(get_user<UserLock<T>>(call[2]));
  if (file->inode() == nullptr) return fail(Errno::kBadF);
  fs::LockRequest r = TRY(request_of(*file, l.type, l.whence, l.start, l.length));
  const bool of_description = call[1] >= kOfdGetLk;
  if (of_description && l.pid != 0) return fail(Errno::kInval);
  r.owner = of_description ? static_cast<const void*>(file.get()) : &files(call);
  r.pid = of_description ? -1 : call.task.process->pid;
  if (call[1] == kGetLk || call[1] == kGetLk64 || call[1] == kOfdGetLk) {
    fs::LockRequest other;
    if (r.type == fs::LockType::kNone) return fail(Errno::kInval);
    if (fs::find_lock(*file->inode(), r, other)) {
      l.type = static_cast<i16>(other.type), l.whence = 0;
      l.start = static_cast<T>(other.start);
      l.length = other.end == ~u64{0} ? 0 : static_cast<T>(other.end - other.start + 1);
      l.pid = other.pid;
    } else {
      l.type = static_cast<i16>(fs::LockType::kNone);
    }
    TRY(put_user(call[2], l));
    return 0;
  }
  if (r.type == fs::LockType::kRead && !file->readable()) return fail(Errno::kBadF);
  if (r.type == fs::LockType::kWrite && !file->writable()) return fail(Errno::kBadF);
  TRY(fs::set_lock(*file->inode(), fs::LockKind::kRange, r,
                   call[1] == kSetLkW || call[1] == kSetLkW64 || call[1] == kOfdSetLkW));
  return 0;
}

Or<u32> set_flags(fs::File& file, u32 flags) {
  constexpr u32 kSettable =
      fs::open_flag::kAppend | fs::open_flag::kNonBlock | fs::open_flag::kNoAccessTime | fs::open_flag::kDirect;
  file.flags = (file.flags & ~kSettable) | (flags & kSettable);
  return 0;
}

}  // namespace

Or<u32> sys_dup(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return files(call).add(std::move(file), false);
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
  const bool path_only = (file->flags & fs::open_flag::kPath) != 0;
  if (path_only && call[1] != kDupFd && call[1] != kDupFdCloexec && call[1] > kGetFl) return fail(Errno::kBadF);
  switch (call[1]) {
    case kDupFd:
    case kDupFdCloexec:
      if (call[2] >= fs::FileTable::limit()) return fail(Errno::kInval);
      return files(call).add(std::move(file), call[1] == kDupFdCloexec, call[2]);
    case kGetFd: return slot->close_on_exec ? kFdCloexec : 0;
    case kSetFd: slot->close_on_exec = (call[2] & kFdCloexec) != 0; return 0;
    case kGetFl:
      return file->flags & ~(fs::open_flag::kCloseOnExec | fs::open_flag::kCreate | fs::open_flag::kExclusive |
                             fs::open_flag::kTruncate | fs::open_flag::kNoControllingTty);
    case kSetFl: return set_flags(*file, call[2]);
    case kGetLk:
    case kSetLk:
    case kSetLkW: return lock_range<i32>(call, file);
    case kGetLk64:
    case kSetLk64:
    case kSetLkW64:
    case kOfdGetLk:
    case kOfdSetLk:
    case kOfdSetLkW: return lock_range<i64>(call, file);
    case kSetOwn: file->owner = static_cast<i32>(call[2]); return 0;
    case kGetOwn: return static_cast<u32>(file->owner);
    case kSetSig:
      if (call[2] > 64) return fail(Errno::kInval);
      file->owner_signal = static_cast<i32>(call[2]);
      return 0;
    case kGetSig: return static_cast<u32>(file->owner_signal);
    case kGetPipeSize: return fs::pipe_capacity(*file);
    case kSetPipeSize: return fs::set_pipe_capacity(*file, call[2]);
    case kGetSeals: return file->inode() == nullptr ? Or<u32>(fail(Errno::kInval)) : fs::seals_of(*file->inode());
    case kAddSeals:
      if (file->inode() == nullptr) return fail(Errno::kInval);
      if (!file->writable()) return fail(Errno::kPerm);
      TRY(fs::add_seals(*file->inode(), call[2]));
      return 0;
    default: return fail(Errno::kInval);
  }
}

// memfd_create(2).
Or<u32> sys_memfd_create(Call& call) {
  constexpr u32 kCloseOnExec = 1, kAllowSealing = 2, kMostName = 249;
  if (call[1] & ~(kCloseOnExec | kAllowSealing)) return fail(Errno::kInval);
  char name[sizeof "/memfd:" + kMostName] = "/memfd:";
  constexpr u32 kPrefix = sizeof "/memfd:" - 1;
  auto copied = string_from_user(name + kPrefix, call[0], kMostName + 1);
  if (!copied.ok()) return fail(copied.error() == Errno::kNameTooLong ? Errno::kInval : copied.error());
  Ref<fs::Inode> inode = TRY(fs::make_nameless_file(StringView(name)));
  inode->seals = fs::Inode::kSealable | (call[1] & kAllowSealing ? 0 : fs::seal::kSeal);
  // Its name stands for itself: "/memfd:name (deleted)".
  Ref<fs::Dentry> root = TRY(fs::Dentry::make({}, StringView(name), inode));
  fs::forget(*root);
  Ref<fs::File> file = TRY(fs::open_found(std::move(root), fs::open_flag::kReadWrite));
  return files(call).add(std::move(file), (call[1] & kCloseOnExec) != 0);
}

Or<u32> sys_flock(Call& call) {
  constexpr u32 kShared = 1, kExclusive = 2, kNonBlock = 4, kUnlock = 8;
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (file->inode() == nullptr || (file->flags & fs::open_flag::kPath)) return fail(Errno::kBadF);
  fs::LockRequest r;
  switch (call[1] & ~kNonBlock) {
    case kShared: r.type = fs::LockType::kRead; break;
    case kExclusive: r.type = fs::LockType::kWrite; break;
    case kUnlock: r.type = fs::LockType::kNone; break;
    default: return fail(Errno::kInval);
  }
  r.owner = file.get();
  TRY(fs::set_lock(*file->inode(), fs::LockKind::kWhole, r, !(call[1] & kNonBlock)));
  return 0;
}

Or<u32> sys_ioctl(Call& call) {
  constexpr u32 kFioNbio = 0x5421, kFioClex = 0x5451, kFioNclex = 0x5450, kFioAsync = 0x5452, kFionRead = 0x541b;
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (file->flags & fs::open_flag::kPath) return fail(Errno::kBadF);
  switch (call[1]) {
    case kFioClex: files(call).slot(call[0])->close_on_exec = true; return 0;
    case kFioNclex: files(call).slot(call[0])->close_on_exec = false; return 0;
    case kFioNbio:
      return set_flags(*file, TRY(get_user<u32>(call[2])) != 0 ? file->flags | fs::open_flag::kNonBlock
                                                               : file->flags & ~fs::open_flag::kNonBlock);
    case kFioAsync: TRY(get_user<u32>(call[2])); return 0;
    case kFionRead:
      if (file->inode() != nullptr && file->inode()->is_regular()) {
        const u64 size = TRY(file->file_status()).size;
        TRY(put_user(call[2], size > file->position ? static_cast<u32>(size - file->position) : 0u));
        return 0;
      }
      [[fallthrough]];
    default: return file->control(call[1], call[2]);
  }
}

}  // namespace ido
