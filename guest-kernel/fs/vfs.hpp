// The virtual file system: names to files, and the calls that change names. Inode is a file, Dentry a name, File an
// open file; mount.hpp puts trees together.
//
// Nothing here knows processes but by current_root() and the credentials; the caller passes the working directory.
// Permissions are checked here. All calls may sleep.
#pragma once

#include "fs/dentry.hpp"
#include "fs/file.hpp"
#include "fs/inode.hpp"
#include "fs/mount.hpp"
#include "lib/wait.hpp"

namespace ido::fs {

// --- Path lookup. `start`: the working directory (or a directory descriptor's); absolute paths start at the root.
enum class Follow : u8 { kNo, kLast };

// The running process's root directory (chroot); proc implements it. Threads of the kernel: the system's.
Ref<Dentry> current_root();

// Never a negative dentry: Errno::kNoEnt.
Or<Ref<Dentry>> lookup(Ref<Dentry> start, StringView path, Follow follow = Follow::kLast);

// The directory that holds the last component, and that component.
struct Parent {
  Ref<Dentry> directory;
  StringView name;
  bool slash_after = false;  // "name/": must be a directory
};
Or<Parent> lookup_parent(Ref<Dentry> start, StringView path);

Or<Ref<File>> open(Ref<Dentry> start, StringView path, u32 flags, u32 permissions);
// Opens what a lookup has found.
Or<Ref<File>> open_found(Ref<Dentry> dentry, u32 flags);
// mkdir, mknod. The umask is the caller's business.
Or<Ref<Inode>> make(Ref<Dentry> start, StringView path, u32 mode, u32 special_device = 0);
Or<> remove(Ref<Dentry> start, StringView path, bool directory);
enum class RenameMode : u8 { kReplace, kNoReplace, kExchange };
Or<> rename(Ref<Dentry> from_start, StringView from, Ref<Dentry> to_start, StringView to, RenameMode mode);
Or<> link(Ref<Dentry> target, Ref<Dentry> start, StringView path);
Or<> symlink(StringView target, Ref<Dentry> start, StringView path);
Or<> truncate(Ref<Dentry> dentry, u64 size);

// The path from the running process's root, " (deleted)" added to a name that is gone, "(unreachable)" in front of one
// outside of the root.
void path_of(Ref<Dentry> dentry, Text& path);
bool below_root(Ref<Dentry> dentry, const Ref<Dentry>& root);

}  // namespace ido::fs
