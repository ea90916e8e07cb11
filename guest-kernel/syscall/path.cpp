// Names: making, removing, renaming, linking, and what changes a file's owner, mode and times.
#include "arch/time.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

namespace mode = fs::mode;

Or<Ref<fs::Dentry>> start_for(Call& call, u32 descriptor, const UserPath& path) {
  if (path.view().starts_with("/")) return fs::root();
  return start_of(call, descriptor);
}

Or<u32> make_at(Call& call, u32 descriptor, u32 path_address, u32 st_mode, u32 device) {
  UserPath path = TRY(UserPath::copy(path_address));
  Ref<fs::Dentry> start = TRY(start_for(call, descriptor, path));
  if ((st_mode & mode::kType) == 0) st_mode |= mode::kRegular;
  TRY(fs::make(start, path.view(), (st_mode & mode::kType) | (st_mode & mode::kPermissions & ~call.task.process->umask),
               device));
  return 0;
}

Or<u32> remove_at(Call& call, u32 descriptor, u32 path_address, bool directory) {
  UserPath path = TRY(UserPath::copy(path_address));
  Ref<fs::Dentry> start = TRY(start_for(call, descriptor, path));
  TRY(fs::remove(start, path.view(), directory));
  return 0;
}

Or<u32> rename_at(Call& call, u32 from_descriptor, u32 from_address, u32 to_descriptor, u32 to_address, u32 flags) {
  constexpr u32 kNoReplace = 1;
  UserPath from = TRY(UserPath::copy(from_address));
  UserPath to = TRY(UserPath::copy(to_address));
  Ref<fs::Dentry> from_start = TRY(start_for(call, from_descriptor, from));
  Ref<fs::Dentry> to_start = TRY(start_for(call, to_descriptor, to));
  if (flags & ~kNoReplace) return fail(Errno::kInval);
  if ((flags & kNoReplace) && fs::lookup(to_start, to.view(), fs::Follow::kNo).ok()) return fail(Errno::kExist);
  TRY(fs::rename(from_start, from.view(), to_start, to.view()));
  return 0;
}

Or<u32> link_at(Call& call, u32 from_descriptor, u32 from_address, u32 to_descriptor, u32 to_address, u32 at_flags) {
  const u32 follow = at_flags & kAtSymlinkFollow ? 0 : kAtSymlinkNoFollow;
  Ref<fs::Dentry> target = TRY(lookup_at(call, from_descriptor, from_address, follow));
  UserPath to = TRY(UserPath::copy(to_address));
  Ref<fs::Dentry> start = TRY(start_for(call, to_descriptor, to));
  TRY(fs::link(target, start, to.view()));
  return 0;
}

Or<u32> symlink_at(Call& call, u32 target_address, u32 descriptor, u32 path_address) {
  UserPath target = TRY(UserPath::copy(target_address));
  UserPath path = TRY(UserPath::copy(path_address));
  Ref<fs::Dentry> start = TRY(start_for(call, descriptor, path));
  TRY(fs::symlink(target.view(), start, path.view()));
  return 0;
}

Or<u32> read_link_at(Call& call, u32 descriptor, u32 path_address, u32 buffer, u32 size) {
  if (static_cast<i32>(size) <= 0) return fail(Errno::kInval);
  Ref<fs::Dentry> link = TRY(lookup_at(call, descriptor, path_address, kAtSymlinkNoFollow | kAtEmptyPath));
  if (!link->inode->is_symlink()) return fail(Errno::kInval);
  Text target;
  TRY(link->inode->read_link(target));
  const u32 n = target.view().size < size ? target.view().size : size;
  TRY(copy_to_user(buffer, target.view().data, n));
  return n;
}

Or<u32> change_mode(fs::Inode& inode, u32 permissions) {
  inode.status.mode = (inode.status.mode & mode::kType) | (permissions & mode::kPermissions);
  inode.status.change = fs::now();
  return 0;
}

Or<u32> change_owner(fs::Inode& inode, u32 user, u32 group) {
  if (user != ~0u && (user & 0xffff) != 0xffff) inode.status.user = user;
  if (group != ~0u && (group & 0xffff) != 0xffff) inode.status.group = group;
  inode.status.change = fs::now();
  return 0;
}

// utimensat(2) with either width of struct timespec; address 0: now.
template <class T>
Or<u32> set_times(Call& call) {
  constexpr u32 kNow = 0x3fffffff, kOmit = 0x3ffffffe;
  struct {
    T seconds, nanoseconds;
  } times[2];
  Ref<fs::Dentry> dentry =
      call[1] == 0 ? TRY(start_of(call, call[0])) : TRY(lookup_at(call, call[0], call[1], call[3]));
  const fs::Time present = fs::now();
  fs::Time* slots[2] = {&dentry->inode->status.access, &dentry->inode->status.modify};
  if (call[2] != 0) TRY(copy_from_user(times, call[2], sizeof times));
  for (u32 i = 0; i < 2; ++i) {
    const u32 nanoseconds = call[2] == 0 ? kNow : static_cast<u32>(times[i].nanoseconds);
    if (nanoseconds == kOmit) continue;
    *slots[i] = nanoseconds == kNow ? present : fs::Time{static_cast<i64>(times[i].seconds), nanoseconds};
  }
  return 0;
}

Or<u32> access_at(Call& call, u32 descriptor, u32 path, u32 at_flags) {
  TRY(lookup_at(call, descriptor, path, at_flags));  // everybody is root here: what exists may be used
  return 0;
}

}  // namespace

Or<u32> sys_mkdir(Call& call) { return make_at(call, kAtFdCwd, call[0], mode::kDirectory | (call[1] & 01777), 0); }
Or<u32> sys_mkdirat(Call& call) { return make_at(call, call[0], call[1], mode::kDirectory | (call[2] & 01777), 0); }
Or<u32> sys_mknod(Call& call) { return make_at(call, kAtFdCwd, call[0], call[1], call[2]); }
Or<u32> sys_mknodat(Call& call) { return make_at(call, call[0], call[1], call[2], call[3]); }
Or<u32> sys_unlink(Call& call) { return remove_at(call, kAtFdCwd, call[0], false); }
Or<u32> sys_rmdir(Call& call) { return remove_at(call, kAtFdCwd, call[0], true); }
Or<u32> sys_unlinkat(Call& call) { return remove_at(call, call[0], call[1], (call[2] & kAtRemoveDir) != 0); }
Or<u32> sys_rename(Call& call) { return rename_at(call, kAtFdCwd, call[0], kAtFdCwd, call[1], 0); }
Or<u32> sys_renameat(Call& call) { return rename_at(call, call[0], call[1], call[2], call[3], 0); }
Or<u32> sys_renameat2(Call& call) { return rename_at(call, call[0], call[1], call[2], call[3], call[4]); }
Or<u32> sys_link(Call& call) { return link_at(call, kAtFdCwd, call[0], kAtFdCwd, call[1], 0); }
Or<u32> sys_linkat(Call& call) { return link_at(call, call[0], call[1], call[2], call[3], call[4]); }
Or<u32> sys_symlink(Call& call) { return symlink_at(call, call[0], kAtFdCwd, call[1]); }
Or<u32> sys_symlinkat(Call& call) { return symlink_at(call, call[0], call[1], call[2]); }
Or<u32> sys_readlink(Call& call) { return read_link_at(call, kAtFdCwd, call[0], call[1], call[2]); }
Or<u32> sys_readlinkat(Call& call) { return read_link_at(call, call[0], call[1], call[2], call[3]); }

Or<u32> sys_chmod(Call& call) { return change_mode(*TRY(lookup_at(call, kAtFdCwd, call[0], 0))->inode, call[1]); }
Or<u32> sys_fchmodat(Call& call) { return change_mode(*TRY(lookup_at(call, call[0], call[1], 0))->inode, call[2]); }
Or<u32> sys_fchmod(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (file->inode() == nullptr) return 0;
  return change_mode(*file->inode(), call[1]);
}
Or<u32> sys_chown(Call& call) {
  constexpr u32 kLchown32 = 198;
  return change_owner(
      *TRY(lookup_at(call, kAtFdCwd, call[0], call.number == kLchown32 ? kAtSymlinkNoFollow : 0))->inode, call[1],
      call[2]);
}
Or<u32> sys_fchownat(Call& call) {
  return change_owner(*TRY(lookup_at(call, call[0], call[1], call[4]))->inode, call[2], call[3]);
}
Or<u32> sys_fchown(Call& call) {
  Ref<fs::File> file = TRY(file_of(call, call[0]));
  if (file->inode() == nullptr) return 0;
  return change_owner(*file->inode(), call[1], call[2]);
}

Or<u32> sys_utimensat(Call& call) { return set_times<i32>(call); }
Or<u32> sys_utimensat_time64(Call& call) { return set_times<i64>(call); }
Or<u32> sys_utimes(Call& call) {
  struct {
    i32 seconds, microseconds;
  } times[2];
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
  fs::Status& status = dentry->inode->status;
  status.access = status.modify = fs::now();
  if (call[1] == 0) return 0;
  TRY(copy_from_user(times, call[1], sizeof times));
  status.access = {times[0].seconds, static_cast<u32>(times[0].microseconds) * 1000};
  status.modify = {times[1].seconds, static_cast<u32>(times[1].microseconds) * 1000};
  return 0;
}

Or<u32> sys_access(Call& call) { return access_at(call, kAtFdCwd, call[0], 0); }
Or<u32> sys_faccessat(Call& call) { return access_at(call, call[0], call[1], 0); }
Or<u32> sys_faccessat2(Call& call) { return access_at(call, call[0], call[1], call[3]); }

Or<u32> sys_chdir(Call& call) {
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
  if (!dentry->inode->is_directory()) return fail(Errno::kNotDir);
  call.task.process->directory = dentry;
  return 0;
}

Or<u32> sys_fchdir(Call& call) {
  Ref<fs::Dentry> dentry = TRY(start_of(call, call[0]));
  if (!dentry->inode->is_directory()) return fail(Errno::kNotDir);
  call.task.process->directory = dentry;
  return 0;
}

Or<u32> sys_chroot(Call&) { return fail(Errno::kPerm); }

Or<u32> sys_getcwd(Call& call) {
  Text path;
  fs::path_of(working_directory(call), path);
  const StringView v = path.view();
  if (v.size + 1 > call[1]) return fail(Errno::kRange);
  TRY(copy_to_user(call[0], v.data, v.size));
  TRY(put_user(call[0] + v.size, char{0}));
  return v.size + 1;
}

Or<u32> sys_umask(Call& call) {
  const u32 old = call.task.process->umask;
  call.task.process->umask = call[0] & 0777;
  return old;
}

}  // namespace ido
