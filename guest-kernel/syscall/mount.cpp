// Putting file systems together: mount, umount, pivot_root, chroot.
#include "fs/file_systems.hpp"
#include "fs/permission.hpp"
#include "syscall/helpers.hpp"

namespace ido {

namespace {

namespace flag = fs::mount_flag;

// The options of mount(2)'s last argument, one page at most; 0: none.
Or<> copy_options(u32 address, Text& options) {
  if (address == 0) return {};
  UserPath text = TRY(UserPath::copy(address));
  options.add(text.view());
  return {};
}

Or<u32> mount_new(Call& call, Ref<fs::Dentry> on, u32 flags) {
  UserPath type = TRY(UserPath::copy(call[2]));
  Text source, options;
  if (call[0] != 0) {
    UserPath text = TRY(UserPath::copy(call[0]));
    source.add(text.view());
  }
  if (source.view().empty()) source.add(StringView("none"));
  TRY(copy_options(call[4], options));
  const fs::FileSystemType* kind = fs::find_file_system(type.view());
  if (kind == nullptr) return fail(Errno::kNoDev);
  Ref<fs::Inode> top = TRY(kind->make(options.view()));
  TRY(fs::mount(std::move(on), std::move(top), kind->name, source.view(), flags));
  return 0;
}

}  // namespace

Or<u32> sys_mount(Call& call) {
  if (!call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  const u32 flags = (call[3] & 0xffff0000) == 0xc0ed0000 ? call[3] & 0xffff : call[3];  // the magic of old libraries
  Ref<fs::Dentry> on = TRY(lookup_at(call, kAtFdCwd, call[1], 0));
  if (flags & flag::kRemount) {
    TRY(fs::remount(on, flags));
    return 0;
  }
  if (flags & flag::kPropagation) return fs::is_mount_root(*on) ? Or<u32>(0) : fail(Errno::kInval);  // one namespace
  if (flags & flag::kMove) {
    Ref<fs::Dentry> from = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
    TRY(fs::move_mount(from, on));
    return 0;
  }
  if (flags & flag::kBind) return fail(Errno::kInval);  // a name has one place in the tree here
  return mount_new(call, std::move(on), flags);
}

namespace {
Or<u32> unmount(Call& call, u32 flags) {
  constexpr u32 kForce = 1, kDetach = 2, kExpire = 4, kNoFollow = 8;
  if (flags & ~(kForce | kDetach | kExpire | kNoFollow)) return fail(Errno::kInval);
  if (!call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  Ref<fs::Dentry> at = TRY(lookup_at(call, kAtFdCwd, call[0], flags & kNoFollow ? kAtSymlinkNoFollow : 0));
  TRY(fs::unmount(std::move(at), (flags & kDetach) != 0));
  return 0;
}
}  // namespace
Or<u32> sys_umount(Call& call) { return unmount(call, 0); }
Or<u32> sys_umount2(Call& call) { return unmount(call, call[1]); }

// pivot_root(2): who has the old root as root or working directory moves to the new one.
Or<u32> sys_pivot_root(Call& call) {
  if (!call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  Ref<fs::Dentry> new_root = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
  Ref<fs::Dentry> put_old = TRY(lookup_at(call, kAtFdCwd, call[1], 0));
  const Ref<fs::Dentry> old_root = fs::current_root();
  TRY(fs::pivot_root(new_root, std::move(put_old)));
  for (Process& p : all_processes()) {
    if (p.root == old_root) p.root = new_root;
    if (p.directory == old_root) p.directory = new_root;
  }
  return 0;
}

Or<u32> sys_chroot(Call& call) {
  Ref<fs::Dentry> dentry = TRY(lookup_at(call, kAtFdCwd, call[0], 0));
  if (!dentry->inode->is_directory()) return fail(Errno::kNotDir);
  TRY(fs::permit(*dentry->inode, fs::want::kExecute));
  if (!call.task.process->credentials.privileged()) return fail(Errno::kPerm);
  call.task.process->root = std::move(dentry);
  return 0;
}

}  // namespace ido
