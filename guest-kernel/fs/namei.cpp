// What changes names: open with creation, mkdir, mknod, unlink, rmdir, rename, link, symlink.
#include "fs/vfs.hpp"

namespace ido::fs {

namespace {

Or<Ref<File>> open_inode(Ref<Dentry> dentry, u32 flags) {
  if (dentry->inode->is_regular()) {
    Text path;
    path_of(dentry, path);
    dentry->inode->opened_as(path.view());
  }
  return dentry->inode->open(dentry, flags);
}

bool is_dot(StringView name) { return name.empty() || name == "." || name == ".." || name == "/"; }
}  // namespace

Or<Ref<File>> open(Ref<Dentry> start, StringView path, u32 flags, u32 permissions) {
  auto found = lookup(start, path, flags & open_flag::kNoFollow ? Follow::kNo : Follow::kLast);
  if (!found.ok()) {
    if (found.error() != Errno::kNoEnt || !(flags & open_flag::kCreate)) return fail(found.error());
    Parent parent = TRY(lookup_parent(start, path));
    if (parent.slash_after || is_dot(parent.name)) return fail(Errno::kIsDir);
    // A dangling symbolic link: create what it points at.
    if (auto link = parent.directory->inode->lookup(parent.name); link.ok() && (*link)->is_symlink()) {
      Text target;
      TRY((*link)->read_link(target));
      return open(parent.directory, target.view(), flags | open_flag::kNoFollow, permissions);
    }
    TRY(parent.directory->inode->create(parent.name, mode::kRegular | (permissions & mode::kPermissions), 0));
    Ref<Dentry> made = TRY(lookup(parent.directory, parent.name, Follow::kNo));
    return open_inode(made, flags);
  }
  Ref<Dentry> dentry = *found;
  if ((flags & open_flag::kCreate) && (flags & open_flag::kExclusive)) return fail(Errno::kExist);
  if (dentry->inode->is_symlink() && !(flags & open_flag::kPath)) return fail(Errno::kLoop);
  const bool writes = (flags & open_flag::kAccess) != open_flag::kReadOnly;
  if (dentry->inode->is_directory() && (writes || (flags & open_flag::kCreate))) return fail(Errno::kIsDir);
  if ((flags & open_flag::kDirectory) && !dentry->inode->is_directory()) return fail(Errno::kNotDir);
  if ((flags & open_flag::kTruncate) && writes && dentry->inode->is_regular()) TRY(dentry->inode->truncate(0));
  return open_inode(dentry, flags);
}

Or<Ref<Inode>> make(Ref<Dentry> start, StringView path, u32 mode, u32 special_device) {
  Parent parent = TRY(lookup_parent(start, path));
  if (is_dot(parent.name)) return fail(Errno::kExist);
  if (parent.slash_after && (mode & mode::kType) != mode::kDirectory) return fail(Errno::kNoEnt);
  if (parent.directory->inode->lookup(parent.name).ok()) return fail(Errno::kExist);
  return parent.directory->inode->create(parent.name, mode, special_device);
}

Or<> remove(Ref<Dentry> start, StringView path, bool directory) {
  Parent parent = TRY(lookup_parent(start, path));
  if (is_dot(parent.name)) return fail(directory ? Errno::kInval : Errno::kIsDir);
  Ref<Inode> victim = TRY(parent.directory->inode->lookup(parent.name));
  if (directory && !victim->is_directory()) return fail(Errno::kNotDir);
  if (!directory && victim->is_directory()) return fail(Errno::kIsDir);
  if (Dentry* known = parent.directory->find_child(parent.name); known != nullptr && known->mounted != nullptr)
    return fail(Errno::kBusy);
  return parent.directory->inode->remove(parent.name, directory);
}

Or<> rename(Ref<Dentry> from_start, StringView from, Ref<Dentry> to_start, StringView to) {
  Parent source = TRY(lookup_parent(from_start, from));
  Parent target = TRY(lookup_parent(to_start, to));
  if (is_dot(source.name) || is_dot(target.name)) return fail(Errno::kBusy);
  Ref<Inode> moved = TRY(source.directory->inode->lookup(source.name));
  // A directory can't go below itself.
  for (Ref<Dentry> d = target.directory; d; d = d->parent)
    if (d->inode == moved) return fail(Errno::kInval);
  if (auto there = target.directory->inode->lookup(target.name); there.ok()) {
    if (*there == moved) return {};
    if ((*there)->is_directory() && !moved->is_directory()) return fail(Errno::kIsDir);
    if (!(*there)->is_directory() && moved->is_directory()) return fail(Errno::kNotDir);
    TRY(target.directory->inode->remove(target.name, (*there)->is_directory()));
  }
  TRY(source.directory->inode->rename(source.name, *target.directory->inode, target.name));
  if (Dentry* known = source.directory->find_child(source.name); known != nullptr)
    known->move(target.directory, target.name);
  return {};
}

Or<> link(Ref<Dentry> target, Ref<Dentry> start, StringView path) {
  if (target->inode->is_directory()) return fail(Errno::kPerm);
  Parent parent = TRY(lookup_parent(start, path));
  if (is_dot(parent.name) || parent.directory->inode->lookup(parent.name).ok()) return fail(Errno::kExist);
  return parent.directory->inode->link(parent.name, target->inode);
}

Or<> symlink(StringView target, Ref<Dentry> start, StringView path) {
  if (target.empty()) return fail(Errno::kNoEnt);
  Parent parent = TRY(lookup_parent(start, path));
  if (is_dot(parent.name) || parent.directory->inode->lookup(parent.name).ok()) return fail(Errno::kExist);
  return parent.directory->inode->symlink(parent.name, target);
}

}  // namespace ido::fs
