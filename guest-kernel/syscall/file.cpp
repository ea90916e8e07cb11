// Opening and closing, seeking, sizes.
#include "fs/permission.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

namespace flag = fs::open_flag;

Or<u32> open_at(Call& call, u32 descriptor, u32 path_address, u32 flags, u32 permissions) {
  UserPath path = TRY(UserPath::copy(path_address));
  Ref<fs::Dentry> start = TRY(start_for(call, descriptor, path));
  if ((flags & flag::kAccess) == flag::kAccess) flags &= ~1u;  // 3: for ioctl only; Linux asks for both permissions
  Ref<fs::File> file =
      TRY(fs::open(std::move(start), path.view(), flags & ~flag::kLargeFile, permissions & ~call.task.process->umask));
  if (!(flags & flag::kPath)) file->flags |= flag::kLargeFile & flags;
  return files(call).add(std::move(file), (flags & flag::kCloseOnExec) != 0);
}

Or<u64> seek(fs::File& file, i64 offset, u32 whence) {
  constexpr u32 kSet = 0, kCurrent = 1, kEnd = 2, kData = 3, kHole = 4;
  if (!file.seekable() || (file.flags & flag::kPath))
    return fail(file.flags & flag::kPath ? Errno::kBadF : Errno::kSPipe);
  i64 base = 0;
  switch (whence) {
    case kSet: break;
    case kCurrent: base = static_cast<i64>(file.position); break;
    case kEnd: base = static_cast<i64>(TRY(file.file_status()).size); break;
    case kData:
    case kHole: {
      const u64 size = TRY(file.file_status()).size;
      if (offset < 0 || static_cast<u64>(offset) >= size) return fail(Errno::kNxIo);
      if (file.inode() == nullptr) return fail(Errno::kInval);
      const u64 found = TRY(file.inode()->find_data(static_cast<u64>(offset), whence == kHole));
      base = static_cast<i64>(found);
      offset = 0;
      break;
    }
    default: return fail(Errno::kInval);
  }
  if (base + offset < 0) return fail(Errno::kInval);
  file.position = static_cast<u64>(base + offset);
  return file.position;
}

Or<u32> truncate_path(Call& call, u64 size) {
  if (static_cast<i64>(size) < 0) return fail(Errno::kInval);
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
  TRY(fs::truncate(std::move(dentry), size));
  return 0;
}

// ftruncate: what matters is how the file was opened.
Or<u32> truncate_file(Call& call, u64 size) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (file->flags & flag::kPath) return fail(Errno::kBadF);
  if (static_cast<i64>(size) < 0 || !file->writable() || file->inode() == nullptr || !file->inode()->is_regular())
    return fail(Errno::kInval);
  TRY(file->inode()->truncate(size));
  fs::drop_set_id_bits(*file->inode());
  return 0;
}

}  // namespace

Or<u32> sys_open(Call& call) { return open_at(call, kAtFdCwd, call[0], call[1], call[2]); }
Or<u32> sys_openat(Call& call) { return open_at(call, call[0], call[1], call[2], call[3]); }
Or<u32> sys_creat(Call& call) {
  return open_at(call, kAtFdCwd, call[0], flag::kCreate | flag::kWriteOnly | flag::kTruncate, call[1]);
}

// openat2(2): open_how is {flags, mode, resolve}, 64 bits each. No way of resolving is kept from leaving the start.
Or<u32> sys_openat2(Call& call) {
  struct How {
    u64 flags, mode, resolve;
  };
  if (call[3] < sizeof(How)) return fail(Errno::kInval);
  if (call[3] > sizeof(How)) return fail(Errno::k2Big);
  const How how = TRY(get_user<How>(call[2]));
  if (how.flags >> 32 != 0 || how.mode & ~u64{07777} || how.resolve != 0) return fail(Errno::kInval);
  return open_at(call, call[0], call[1], static_cast<u32>(how.flags), static_cast<u32>(how.mode));
}

Or<u32> sys_close(Call& call) {
  TRY(files(call).close(call[0]));
  return 0;
}

Or<u32> sys_close_range(Call& call) {
  constexpr u32 kUnshare = 2, kCloseOnExec = 4;
  if (call[0] > call[1] || (call[2] & ~(kUnshare | kCloseOnExec))) return fail(Errno::kInval);
  if ((call[2] & kUnshare) && files(call).holders() > 1)
    call.task.process->files = TRY(call.task.process->files->clone());
  for (u32 d = call[0]; d <= call[1] && d < files(call).size(); ++d) {
    fs::FileTable::Slot* slot = files(call).slot(d);
    if (slot == nullptr) continue;
    if (call[2] & kCloseOnExec)
      slot->close_on_exec = true;
    else
      TRY(files(call).close(d));
  }
  return 0;
}

Or<u32> sys_lseek(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  const u64 old = file->position;
  const u64 position = TRY(seek(*file, static_cast<i32>(call[1]), call[2]));
  if (position > 0x7fffffff) {
    file->position = old;
    return fail(Errno::kOverflow);
  }
  return static_cast<u32>(position);
}

Or<u32> sys__llseek(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  const u64 position = TRY(seek(*file, static_cast<i64>(join(call[2], call[1])), call[4]));
  TRY(put_user(call[3], position));
  return 0;
}

Or<u32> sys_truncate64(Call& call) { return truncate_path(call, join(call[1], call[2])); }
Or<u32> sys_ftruncate64(Call& call) { return truncate_file(call, join(call[1], call[2])); }
Or<u32> sys_truncate(Call& call) { return truncate_path(call, static_cast<u64>(i64{static_cast<i32>(call[1])})); }
Or<u32> sys_ftruncate(Call& call) { return truncate_file(call, static_cast<u64>(i64{static_cast<i32>(call[1])})); }

Or<u32> sys_fallocate(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  const u64 offset = join(call[2], call[3]), size = join(call[4], TRY(call.sixth()));
  if (static_cast<i64>(offset) < 0 || static_cast<i64>(size) <= 0) return fail(Errno::kInval);
  if (!file->writable() || (file->flags & flag::kPath)) return fail(Errno::kBadF);
  if (static_cast<i64>(offset + size) < 0) return fail(Errno::kFBig);
  if (file->inode() == nullptr) return fail(Errno::kSPipe);
  TRY(file->inode()->allocate(call[1], offset, size));
  return 0;
}

// The page cache is the store of all files: there is nothing to wait for.
Or<u32> sys_fsync(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  return file->inode() == nullptr ? Or<u32>(fail(Errno::kInval)) : Or<u32>(0);
}
Or<u32> sys_sync(Call&) { return 0; }
Or<u32> sys_syncfs(Call& call) {
  TRY(file_of(call, call[0]));
  return 0;
}
Or<u32> sys_sync_file_range(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  const u32 flags = TRY(call.sixth());
  if (static_cast<i64>(join(call[1], call[2])) < 0 || (flags & ~7u)) return fail(Errno::kInval);
  return file->seekable() ? Or<u32>(0) : Or<u32>(fail(Errno::kSPipe));
}

// Advice about what will be read: all of it is in memory already.
Or<u32> sys_readahead(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (!file->readable()) return fail(Errno::kBadF);
  return file->inode() != nullptr && file->inode()->is_regular() ? Or<u32>(0) : Or<u32>(fail(Errno::kInval));
}
namespace {
Or<u32> advise(Call& call, u32 advice) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (!file->seekable()) return fail(Errno::kSPipe);
  return advice <= 5 ? Or<u32>(0) : Or<u32>(fail(Errno::kInval));
}
}  // namespace
Or<u32> sys_fadvise64(Call& call) { return advise(call, call[4]); }
Or<u32> sys_fadvise64_64(Call& call) { return advise(call, TRY(call.sixth())); }

}  // namespace ido
