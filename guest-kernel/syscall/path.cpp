// Names: making, removing, renaming, linking; the working directory.
#include "fs/permission.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

namespace mode = fs::mode;

Or<u32> make_at(Call& call, u32 descriptor, u32 path_address, u32 st_mode, u32 device) {
  UserPath path = TRY(UserPath::copy(path_address));
  Ref<fs::Dentry> start = TRY(start_for(call, descriptor, path));
  if ((st_mode & mode::kType) == 0) st_mode |= mode::kRegular;
  if ((st_mode & mode::kType) == mode::kSymlink) return fail(Errno::kInval);
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
  constexpr u32 kNoReplace = 1, kExchange = 2;
  UserPath from = TRY(UserPath::copy(from_address));
  UserPath to = TRY(UserPath::copy(to_address));
  Ref<fs::Dentry> from_start = TRY(start_for(call, from_descriptor, from));
  Ref<fs::Dentry> to_start = TRY(start_for(call, to_descriptor, to));
  if (flags & ~(kNoReplace | kExchange) || flags == (kNoReplace | kExchange)) return fail(Errno::kInval);
  const auto mode = flags & kNoReplace  ? fs::RenameMode::kNoReplace
                    : flags & kExchange ? fs::RenameMode::kExchange
                                        : fs::RenameMode::kReplace;
  TRY(fs::rename(from_start, from.view(), to_start, to.view(), mode));
  return 0;
}

Or<u32> link_at(Call& call, u32 from_descriptor, u32 from_address, u32 to_descriptor, u32 to_address, u32 at_flags) {
  if (at_flags & ~(kAtSymlinkFollow | kAtEmptyPath)) return fail(Errno::kInval);
  const u32 follow = (at_flags & kAtSymlinkFollow ? 0 : kAtSymlinkNoFollow) | (at_flags & kAtEmptyPath);
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

}  // namespace

Or<u32> sys_mkdir(Call& call) { return make_at(call, kAtFdCwd, call[0], mode::kDirectory | (call[1] & 01777), 0); }
Or<u32> sys_mkdirat(Call& call) { return make_at(call, call[0], call[1], mode::kDirectory | (call[2] & 01777), 0); }
// mknod makes no directories.
Or<u32> sys_mknod(Call& call) {
  if ((call[1] & mode::kType) == mode::kDirectory) return fail(Errno::kPerm);
  return make_at(call, kAtFdCwd, call[0], call[1], call[2]);
}
Or<u32> sys_mknodat(Call& call) {
  if ((call[2] & mode::kType) == mode::kDirectory) return fail(Errno::kPerm);
  return make_at(call, call[0], call[1], call[2], call[3]);
}
Or<u32> sys_unlink(Call& call) { return remove_at(call, kAtFdCwd, call[0], false); }
Or<u32> sys_rmdir(Call& call) { return remove_at(call, kAtFdCwd, call[0], true); }
Or<u32> sys_unlinkat(Call& call) {
  if (call[2] & ~kAtRemoveDir) return fail(Errno::kInval);
  return remove_at(call, call[0], call[1], (call[2] & kAtRemoveDir) != 0);
}
Or<u32> sys_rename(Call& call) { return rename_at(call, kAtFdCwd, call[0], kAtFdCwd, call[1], 0); }
Or<u32> sys_renameat(Call& call) { return rename_at(call, call[0], call[1], call[2], call[3], 0); }
Or<u32> sys_renameat2(Call& call) { return rename_at(call, call[0], call[1], call[2], call[3], call[4]); }
Or<u32> sys_link(Call& call) { return link_at(call, kAtFdCwd, call[0], kAtFdCwd, call[1], 0); }
Or<u32> sys_linkat(Call& call) { return link_at(call, call[0], call[1], call[2], call[3], call[4]); }
Or<u32> sys_symlink(Call& call) { return symlink_at(call, call[0], kAtFdCwd, call[1]); }
Or<u32> sys_symlinkat(Call& call) { return symlink_at(call, call[0], call[1], call[2]); }
Or<u32> sys_readlink(Call& call) { return read_link_at(call, kAtFdCwd, call[0], call[1], call[2]); }
Or<u32> sys_readlinkat(Call& call) { return read_link_at(call, call[0], call[1], call[2], call[3]); }

Or<u32> sys_chdir(Call& call) {
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
  if (!dentry->inode->is_directory()) return fail(Errno::kNotDir);
  TRY(fs::permit(*dentry->inode, fs::want::kExecute));
  call.task.process->directory = dentry;
  return 0;
}

Or<u32> sys_fchdir(Call& call) {
  Ref<fs::Dentry> dentry = TRY(start_of(call, call[0]));
  if (!dentry->inode->is_directory()) return fail(Errno::kNotDir);
  TRY(fs::permit(*dentry->inode, fs::want::kExecute));
  call.task.process->directory = dentry;
  return 0;
}

Or<u32> sys_getcwd(Call& call) {
  if (working_directory(call)->unlinked) return fail(Errno::kNoEnt);
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
