// The mounted file systems, and how a walk goes from one to another.
#pragma once

#include "fs/dentry.hpp"

namespace ido::fs {

// mount(2)'s flags that are kept; the rest is for the call.
namespace mount_flag {
inline constexpr u32 kReadOnly = 1, kNoSetId = 2, kNoDevices = 4, kNoExecute = 8, kSynchronous = 16, kRemount = 32,
                     kNoAccessTime = 1024, kNoDirectoryAccessTime = 2048, kBind = 4096, kMove = 8192,
                     kRecursive = 16384, kSilent = 32768, kRelativeAccessTime = 1 << 21;
inline constexpr u32 kKept = kReadOnly | kNoSetId | kNoDevices | kNoExecute | kSynchronous | kNoAccessTime |
                             kNoDirectoryAccessTime | kRelativeAccessTime;
inline constexpr u32 kPropagation = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 20;  // unbindable, private, slave, shared
}  // namespace mount_flag

struct Mount {
  Ref<Dentry> root;
  StringView type;  // a literal
  Text source;
  u32 flags = 0;  // mount_flag::kKept
};

Ref<Dentry> root();  // the system's, with nothing mounted over it
void set_root(Ref<Inode> file_system_root);

Or<> mount(Ref<Dentry> on, Ref<Inode> file_system_root, StringView type, StringView source, u32 flags);
// Errno::kInval: not the root of a mount; kBusy: in use, unless `detach` (then it goes when its last user does).
Or<> unmount(Ref<Dentry> mounted_root, bool detach);
Or<> remount(Ref<Dentry> mounted_root, u32 flags);
Or<> move_mount(Ref<Dentry> mounted_root, Ref<Dentry> to);
// pivot_root(2): what is mounted at `new_root` takes the root's place, the old root appears at `put_old`.
Or<> pivot_root(Ref<Dentry> new_root, Ref<Dentry> put_old);

u32 mount_count();
const Mount& mount_at(u32 index);  // oldest first

// What covers a dentry, and what is above it.
Ref<Dentry> over_mounts(Ref<Dentry> dentry);
Ref<Dentry> above(const Ref<Dentry>& dentry);  // the same at a root of all
bool is_mount_root(const Dentry& dentry);
// The flags of the mount that holds a name.
u32 mount_flags(const Dentry& dentry);

}  // namespace ido::fs
